import { DatabaseBusyError } from '../process/outage.ts'
import { AuthorityMovedError, currentWork } from '../process/authorized-work.ts'

/**
 * Runs a transaction of the current work. `attempt` receives the authority revision at which the caller was admitted.
 * If another revision is current, `attempt` throws {@link AuthorityMovedError} without a change. The caller is then
 * authorized again, outside of the transaction, and the transaction is repeated. For work of the server itself,
 * `attempt` receives undefined.
 *
 * @throws AuthorityMovedError if the surface repeats the handler, otherwise the denial of the surface
 */
export async function whileAuthorized<Result>(
  attempt: (admittedAt: number | undefined) => Promise<Result>,
): Promise<Result> {
  const work = currentWork()
  if (work === undefined) return attempt(undefined)
  for (let number = 1; number <= work.maxAttempts; number += 1) {
    try {
      const result = await attempt(work.revision)
      work.keepResult()
      return result
    } catch (error) {
      if (!(error instanceof AuthorityMovedError) || work.mayRepeat) throw error
      await work.requireStanding()
    }
  }
  throw new DatabaseBusyError('the authority revision changed during every attempt of a transaction')
}
