const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The project's address, as far as it tells one project from another: on loopback any project may be
 * behind any port.
 *
 * @param url of the project's API
 * @returns its origin, or an empty text for one on loopback
 */
export function projectAddress(url: string | undefined): string {
  const parsed = URL.parse(url ?? "");
  return !parsed || LOOPBACK.test(parsed.hostname) ? "" : parsed.origin;
}
