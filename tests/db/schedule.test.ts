/** The worker's schedule, with stand-ins for pg_cron, pg_net and the Vault: no server here has them. */
import { join } from "node:path";
import type postgres from "postgres";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { asOperator } from "../support/stack.ts";

/** The parts of the extensions that are used, with their signatures. */
const STAND_INS = `
  create schema cron;
  create table cron.job (
    jobid bigint generated always as identity, jobname text unique, schedule text, command text);
  create table cron.job_run_details (jobid bigint, end_time timestamptz);
  create function cron.schedule(job_name text, schedule text, command text) returns bigint
  language sql as $$
    insert into cron.job (jobname, schedule, command) values (job_name, schedule, command)
    on conflict (jobname) do update set schedule = excluded.schedule, command = excluded.command
    returning jobid $$;
  create function cron.unschedule(job_id bigint) returns boolean
  language sql as $$ delete from cron.job where jobid = job_id returning true $$;

  create schema net;
  create table net.sent (url text, body jsonb, headers jsonb, timeout_milliseconds integer);
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}',
    timeout_milliseconds integer default 5000) returns bigint
  language sql as $$
    insert into net.sent values (url, body, headers, timeout_milliseconds) returning 1::bigint $$;

  create schema vault;
  create table vault.secrets (
    id uuid primary key default gen_random_uuid(), name text unique, description text, secret text);
  create view vault.decrypted_secrets as select *, secret as decrypted_secret from vault.secrets;
  create function vault.create_secret(new_secret text, new_name text default null,
    new_description text default '') returns uuid
  language sql as $$
    insert into vault.secrets (secret, name, description)
    values (new_secret, new_name, new_description) returning id $$;
  create function vault.update_secret(secret_id uuid, new_secret text default null,
    new_name text default null, new_description text default null) returns void
  language sql as $$
    update vault.secrets set secret = new_secret, name = new_name, description = new_description
    where id = secret_id $$;`;

const KEY = "sb_secret_abcDEF123_-x";

/** Runs work in a transaction that nobody else sees and that is taken back. */
async function withStandIns(work: (tx: postgres.TransactionSql) => Promise<void>): Promise<void> {
  const done = new Error("done");
  const error = await assertRejects(() =>
    asOperator((sql) =>
      sql.begin(async (tx) => {
        await tx.unsafe(STAND_INS);
        await work(tx);
        throw done;
      })
    ), Error);
  if (error !== done) throw error;
}

const jobs = async (tx: postgres.ISql) =>
  (await tx`select jobname, schedule, command from cron.job order by jobname desc`)
    .map((row) => ({ ...row }));

Deno.test("where the extensions are missing: the migration is applied, and scheduling says what is missing", async () => {
  for (
    const statement of [
      `select private.schedule_storage_cleanup('https://ref.supabase.co', '${KEY}')`,
      "select private.unschedule_storage_cleanup()",
    ]
  ) {
    await assertRejects(
      () => asOperator((sql) => sql.unsafe(statement)),
      Error,
      "this database lacks: pg_cron, pg_net, supabase_vault",
    );
  }
});

Deno.test("the schedule calls the worker each minute, with address and key from the Vault", async () => {
  await withStandIns(async (tx) => {
    await tx`select private.schedule_storage_cleanup('https://ref.supabase.co/', ${KEY})`;
    const [cleanup, history] = await jobs(tx);
    assertEquals(cleanup, {
      jobname: "chat-archive-storage-cleanup",
      schedule: "* * * * *",
      command: "select private.call_storage_cleanup()",
    });
    await tx.unsafe(cleanup!["command"]);
    assertEquals((await tx`select * from net.sent`).map((row) => ({ ...row })), [{
      url: "https://ref.supabase.co/functions/v1/storage-cleanup",
      body: {},
      headers: { apikey: KEY, "content-type": "application/json" },
      timeout_milliseconds: 58_000,
    }]);
    // The history of these jobs only, and only the old part.
    await tx`insert into cron.job (jobname) values ('theirs')`;
    await tx`insert into cron.job_run_details
      select j.jobid, now() - d.days * interval '1 day'
      from cron.job j, (values (1), (8)) d (days)`;
    await tx.unsafe(history!["command"]);
    const [left] = await tx`select count(*)::int as n from cron.job_run_details`;
    assertEquals(left!["n"], 4);
  });
});

Deno.test("scheduled again: one job, the new address and key", async () => {
  await withStandIns(async (tx) => {
    await tx`select private.schedule_storage_cleanup('https://old.supabase.co', 'sb_secret_old')`;
    const before = await jobs(tx);
    await tx`select private.schedule_storage_cleanup('http://127.0.0.1:54321', ${KEY})`;
    assertEquals(await jobs(tx), before);
    const secrets = await tx`select name, secret from vault.secrets order by name`;
    assertEquals(secrets.map((row) => ({ ...row })), [
      { name: "chat_archive_project_url", secret: "http://127.0.0.1:54321" },
      { name: "chat_archive_secret_key", secret: KEY },
    ]);
  });
});

Deno.test("unscheduled: no job and no key is left, and again changes nothing", async () => {
  await withStandIns(async (tx) => {
    await tx`select vault.create_secret('x', 'theirs')`;
    await tx`select private.schedule_storage_cleanup('https://ref.supabase.co', ${KEY})`;
    for (let round = 0; round < 2; round++) {
      await tx`select private.unschedule_storage_cleanup()`;
      assertEquals(await jobs(tx), []);
      assertEquals((await tx`select name from vault.secrets`).map(({ name }) => name), ["theirs"]);
    }
    await assertRejects(
      () => tx.savepoint((inner) => inner`select private.call_storage_cleanup()`),
      Error,
      "the Vault lacks",
    );
  });
});

Deno.test("what is no address or no secret key is refused", async () => {
  await withStandIns(async (tx) => {
    const refused = (url: string | null, key: string | null, message: string) =>
      assertRejects(
        () =>
          tx.savepoint((inner) => inner`select private.schedule_storage_cleanup(${url}, ${key})`),
        Error,
        message,
      );
    for (const url of ["ref.supabase.co", "https://a/b", "https://u:p@a", "", null]) {
      await refused(url, KEY, "project_url");
    }
    for (const key of ["sb_publishable_x", "eyJhbGciOiJIUzI1NiJ9", "sb_secret_", "", null]) {
      await refused("https://ref.supabase.co", key, "secret_key");
    }
    assertEquals(await jobs(tx), []);
  });
});

Deno.test("the rollback takes the schedule back", async () => {
  const down = await Deno.readTextFile(
    join(PROJECT_ROOT, "supabase/rollbacks/20261126090600_cleanup_schedule.down.sql"),
  );
  await withStandIns(async (tx) => {
    await tx`select private.schedule_storage_cleanup('https://ref.supabase.co', ${KEY})`;
    await tx.unsafe(down);
    assertEquals(await jobs(tx), []);
  });
});
