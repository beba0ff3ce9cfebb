/** The tests of `conformance/abac.test.ts`, on a server whose rows are in PostgreSQL. */
import { test } from 'node:test'
import { requirePostgres } from '../harness/postgres.ts'

if (process.env['ACRUX_TEST_POSTGRES'] === undefined) {
  test('the conformance tests pass on PostgreSQL', (t) => void requirePostgres(t))
} else {
  process.env['ACRUX_TEST_SERVERS'] = 'postgres'
  await import('../conformance/abac.test.ts')
}
