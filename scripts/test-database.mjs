import { makeCluster, startPostgres } from '../test/setup/postgres.mjs'
import { SetUpFailed } from './set-up.mjs'

/** What {@link openTestDatabase} returns if there is no PostgreSQL. */
export const noTestDatabase = { url: undefined, stop: async () => undefined }

/**
 * A PostgreSQL for the tests of the stores: the caller's own, or one that is started here, and that `stop` removes. If
 * PostgreSQL is not installed, fails with the text `failure`, or returns no URL without it.
 *
 * @param {string | undefined} failure
 */
export async function openTestDatabase(failure) {
  // The tests start servers of their own, too.
  const cluster = await makeCluster()
  if (cluster !== undefined) process.env.ACRUX_TEST_POSTGRES_CLUSTER = cluster.folder
  const given = process.env.ACRUX_TEST_POSTGRES
  if (given !== undefined && given !== '') return { url: given, stop: async () => cluster?.remove() }
  const started = await startPostgres()
  if (started !== undefined) {
    const stop = async () => {
      await started.stop()
      cluster?.remove()
    }
    return { url: started.url, stop }
  }
  if (failure !== undefined) throw new SetUpFailed(failure)
  return noTestDatabase
}
