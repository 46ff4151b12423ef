import type { HealthResponse } from "../contracts/health.ts";

/**
 * Reads the answer of the function `health`.
 *
 * @returns undefined where something else answered, such as a gateway in JSON of its own
 * @throws where the answer is no JSON
 */
export async function healthOf(response: Response): Promise<HealthResponse | undefined> {
  const answer: HealthResponse | null = await response.json();
  return typeof answer?.checks?.database?.status === "string" ? answer : undefined;
}
