/** Every error code, with the HTTP status that belongs to it. */
export const STATUS_OF = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  upload_mismatch: 422,
  quota_exceeded: 429,
  rate_limited: 429,
  storage_disabled: 503,
  storage_unavailable: 503,
  database_disabled: 503,
  database_unavailable: 503,
  internal: 500,
} as const;

/** One of the codes that functions and the client library answer with. */
export type ErrorCode = keyof typeof STATUS_OF;
