-- a copy calls nobody: messages are kept and wait
UPDATE dist_endpoint
   SET state = 'disabled',
       disabled_reason = 'Neutralized copy'
 WHERE state != 'disabled';
-- what was made for production exchanges nothing with a copy
UPDATE dist_system
   SET state = 'suspended'
 WHERE environment = 'production'
   AND state = 'active';
-- keys that partners hold for the original do not open the copy
UPDATE dist_api_key
   SET revoked = true;
-- secrets stay with the original, whoever holds the encryption key
UPDATE dist_credential_version
   SET encrypted = '';
-- the copy is no production database until somebody confirms it, whatever its name
INSERT INTO ir_config_parameter (key, value)
VALUES ('dist_integration.database_name', 'neutralized copy')
    ON CONFLICT (key) DO
       UPDATE SET value = 'neutralized copy';
-- what waits for delivery is not attempted by jobs that the original had scheduled
UPDATE queue_job
   SET state = 'cancelled'
 WHERE state IN ('wait_dependencies', 'pending', 'enqueued', 'started')
   AND model_name IN ('dist.endpoint', 'dist.message', 'dist.reconciliation', 'dist.reconciliation.line',
                      'dist.replay');
-- nobody is told of what a copy sees
UPDATE dist_alert_rule
   SET active = false;
UPDATE dist_alert_digest
   SET active = false;
