/** The most values in one statement: far below every database's limit of parameters. */
const chunkSize = 500

/** The values in chunks that fit into one statement each. */
export function* chunked<Value>(values: readonly Value[]): Generator<Value[]> {
  for (let start = 0; start < values.length; start += chunkSize) yield values.slice(start, start + chunkSize)
}
