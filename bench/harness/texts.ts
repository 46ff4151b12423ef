/** Made-up texts whose words come as often as those of a language do. */

/**
 * SQL that makes `bench.words`, a vocabulary of 20,000, and `bench.texts`: 20,000 texts, in which the n-th word
 * comes as often as a language's n-th word does, with what search keeps of them.
 *
 * @param words of each text
 */
export const textsOf = (words: number) => `
  create schema bench;
  create table bench.words as
    select n, (
      select string_agg(
        substr('bcdfghklmnprstvz', 1 + (('x' || substr(md5(n || 'a' || k), 1, 6))::bit(24)::int % 16), 1)
        || substr('aeiou', 1 + (('x' || substr(md5(n || 'b' || k), 1, 6))::bit(24)::int % 5), 1), '')
      from generate_series(1, 2 + n % 3) k
    ) as word
    from generate_series(0, 19999) n;
  create unique index on bench.words (n);
  select setseed(0.5);
  create table bench.texts as
    select t.n, coalesce((
      select string_agg(w.word, ' ') from (
        select floor(power(20000::float8, random()))::int - 1 as n from generate_series(1, ${words}) g
        where t.n > 0
      ) r join bench.words w using (n)
    ), 'none') as value
    from generate_series(0, 19999) t (n);
  alter table bench.texts add words tsvector;
  update bench.texts set words = private.search_words(value);
  create unique index on bench.texts (n);
  analyze bench.texts;`;
