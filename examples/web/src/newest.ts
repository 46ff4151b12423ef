/**
 * Tells of readings that overlap which one began last: what an earlier one brings is old by then.
 *
 * @returns called when a reading begins, gives what tells whether none has begun since
 */
export function newestOnly(): () => () => boolean {
  let newest: symbol;
  return () => {
    const own = newest = Symbol();
    return () => own === newest;
  };
}
