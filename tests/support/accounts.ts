/**
 * Users and their chats, counted past row level security.
 *
 * @module
 */
import { asOperator } from "./stack.ts";
import type { User } from "./users.ts";

/** Chats by SQL: many of them are quickly made. */
export const addChats = (user: Pick<User, "id">, count: number) =>
  asOperator((sql) =>
    sql`insert into chats (user_id, title)
        select ${user.id}, 'Chat ' || n from generate_series(1, ${count}::int) n`
  );

/** How many chats a user has. */
export const chatsOf = (user: Pick<User, "id">) =>
  asOperator(async (sql) =>
    (await sql`select count(*)::int as n from chats where user_id = ${user.id}`)[0]!["n"]
  );

/** Whether a user is there: 1 or 0. */
export const usersOf = (user: Pick<User, "id">) =>
  asOperator(async (sql) =>
    (await sql`select count(*)::int as n from auth.users where id = ${user.id}`)[0]!["n"]
  );
