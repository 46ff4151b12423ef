export { chunked, IDS_PER_QUERY, query } from "@shared/query.ts";
