"""How messages travel. One module for each transport; :mod:`.base` says what they have in common.

Drivers are optional and imported when a transport is opened.
"""

from .amqp import AmqpSettings
from .base import Batch, FileBody, Item, Outgoing, Result, Session, Source
from .files import Places
from .folder import FolderSettings
from .http import HttpSettings
from .kafka import KafkaSettings
from .sftp import SftpSettings
