/**
 * Keeps the stack up when its database goes away.
 *
 * postgres.js writes to a connection on the next tick without looking whether it was closed meanwhile
 * (3.4.9, connection.js, nextWrite). The query itself is rejected as it should be; only this stray
 * error has no one to catch it, and would end the process.
 */
export function guardAgainstDriver(): void {
  globalThis.addEventListener("error", (event) => {
    const { error } = event;
    if (
      error instanceof TypeError &&
      /nextWrite.*postgres\/src\/connection\.js/s.test(error.stack ?? "")
    ) {
      event.preventDefault();
    }
  });
}
