import pg from 'pg'

/** The first words of the statement with which a query builder begins a transaction. */
const beginning = 'start transaction'

/** Whether a statement begins a transaction. */
export function isBegin(text: string): boolean {
  return text.startsWith(beginning)
}

/**
 * Sends a statement together with the statement that begins its transaction. This saves a round trip, which is a fifth
 * of the processor time of a transaction with one statement, here and in PostgreSQL. After a failed statement, the
 * server ignores all messages until the next `Sync`. There is only one `Sync`, after both statements, so the second
 * statement is never executed outside of the transaction. [PostgreSQL, Extended Query]
 */
export function queryWithBegin(
  client: pg.ClientBase,
  begin: string,
  { text, values }: { readonly text: string; readonly values: readonly unknown[] },
): Promise<pg.QueryResult> {
  const { promise, resolve, reject } = Promise.withResolvers<pg.QueryResult>()
  const config = { text, values: [...values], queryMode: 'extended' }
  const query = new pg.Query(config, (error: Error | undefined, results: unknown) => {
    if (error) reject(error)
    // The first result is the result of the statement that begins the transaction.
    else resolve((results as readonly [pg.QueryResult, pg.QueryResult])[1])
  })
  const submit = query.submit.bind(query)
  query.submit = (connection) => {
    connection.stream.cork()
    connection.parse({ name: '', text: begin, types: [] }, true)
    connection.bind({}, true)
    connection.execute(null, true)
    const failure: unknown = submit(connection)
    connection.stream.uncork()
    return failure
  }
  client.query(query)
  return promise
}
