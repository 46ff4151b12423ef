/** Asks for the next page while the one before it is worked on. */
export async function* ahead<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = iterator.next();
      // Its failure is thrown where it is awaited; a reader that stops early never awaits it.
      next.catch(() => {});
      yield value;
    }
  } finally {
    // Not awaited: it would wait for a page that is under way and that nobody wants.
    iterator.return?.().catch(() => {});
  }
}
