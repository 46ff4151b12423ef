/** What `options.logger` receives: one entry for each operation. Never content, a token or a URL. */
export interface LogEntry {
  /** When the operation ended, ISO 8601. */
  time: string;
  /** `warning` where the caller can act, `error` where only an operator can. */
  level: "info" | "warning" | "error";
  /** Name of the method. */
  operation: string;
  /** Sent to the functions as x-request-id, which their own log lines carry. */
  request_id: string;
  chat_id?: string;
  /** Rows or files. */
  count?: number;
  bytes?: number;
  duration_ms: number;
  /** Kept on this device; the server does not have it yet. */
  pending?: true;
  outcome: "ok" | "error" | "aborted";
  /** Of the error. */
  code?: string;
}
