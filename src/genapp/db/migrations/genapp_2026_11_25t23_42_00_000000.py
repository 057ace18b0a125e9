from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T23:42:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what a webhook is sent is noted in the statement that ends a generation"

NOTE = """
CREATE FUNCTION note_end_for_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO deliveries (id, webhook, generation, event, payload)
  SELECT gen_random_uuid(), w.id, NEW.id, 'generation.' || NEW.status, json_build_object(
    'type', 'generation.' || NEW.status,
    'timestamp', to_char(NEW.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'data', json_build_object(
      'id', NEW.id,
      'conversation_id', NEW.conversation,
      'status', NEW.status,
      'model', NEW.model,
      'usage', CASE WHEN NEW.output_tokens IS NOT NULL THEN
        json_build_object('input_tokens', NEW.input_tokens, 'output_tokens', NEW.output_tokens) END,
      'url', '/generations/' || NEW.id
    )
  )::text
  FROM webhooks w
  WHERE w."user" = NEW."user" AND w.disabled_at IS NULL AND NEW.status = ANY (string_to_array(w.events, ' '));
  RETURN NULL;
END $$
"""

FORWARDS = (
    'CREATE INDEX webhooks_of_user ON webhooks ("user")',
    # A webhook's page.
    "CREATE INDEX deliveries_of_webhook ON deliveries (webhook, created_at DESC)",
    # What the end of a generation has made; also for the foreign key.
    "CREATE INDEX deliveries_of_generation ON deliveries (generation)",
    # What housekeeping looks for. Partial: what was sent, nearly all of it, costs nothing.
    "CREATE INDEX deliveries_due ON deliveries (next_try_at) WHERE status = 'pending'",
    "CREATE INDEX deliveries_held ON deliveries (webhook) WHERE held_until IS NOT NULL",
    "CREATE INDEX deliveries_old ON deliveries (created_at) WHERE status <> 'pending'",
    "ALTER TABLE deliveries ADD CONSTRAINT deliveries_status CHECK (status IN ('pending', 'delivered', 'failed'))",
    NOTE,
    """
    CREATE TRIGGER generations_ended AFTER UPDATE OF status ON generations FOR EACH ROW
    WHEN (NEW.status IN ('completed', 'failed', 'cancelled') AND OLD.status IN ('queued', 'processing'))
    EXECUTE FUNCTION note_end_for_webhooks()
    """,
)

BACKWARDS = (
    "DROP TRIGGER generations_ended ON generations",
    "DROP FUNCTION note_end_for_webhooks",
    "ALTER TABLE deliveries DROP CONSTRAINT deliveries_status",
    "DROP INDEX deliveries_old, deliveries_held, deliveries_due, deliveries_of_generation, deliveries_of_webhook, "
    "webhooks_of_user",
)


class Anything(Table):
    """Raw SQL has to be run through some table."""


async def apply() -> None:
    for statement in FORWARDS:
        await Anything.raw(statement)


async def revert() -> None:
    for statement in BACKWARDS:
        await Anything.raw(statement)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="genapp", description=DESCRIPTION)
    manager.add_raw(apply)
    manager.add_raw_backwards(revert)
    return manager
