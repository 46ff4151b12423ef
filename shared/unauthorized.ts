/** What to say with `unauthorized` to whoever sent no user's token at all. */
export const NO_USER =
  "nobody is signed in: sign in or, on a server, create the client with the user's token (accessToken)";
/** What to say where there is a token that is refused. */
export const INVALID_TOKEN = "the access token is not valid, or has expired";
