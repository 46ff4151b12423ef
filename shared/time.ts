/** ISO 8601 with an offset: without one, JavaScript and PostgreSQL would read different times. */
export const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)$/;
