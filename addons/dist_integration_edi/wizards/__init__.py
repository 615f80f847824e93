from . import (
    dist_edi_correct,
    dist_edi_mail_reveal,
    dist_edi_onboarding,
    dist_edi_onboarding_agreement,
    dist_edi_onboarding_code,
    dist_edi_onboarding_file,
    dist_edi_onboarding_outcome,
    dist_edi_upload,
    dist_message_correct,
)
