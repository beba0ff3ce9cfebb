/** Every revocation of `revocation.test.ts`, on a server whose connections are accepted by two workers. */
process.env['ACRUX_TEST_WORKERS'] = '2'
await import('./revocation.test.ts')
