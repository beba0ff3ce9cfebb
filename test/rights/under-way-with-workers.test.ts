/** Every test of work under way, on servers whose connections are accepted by two workers. */
process.env['ACRUX_TEST_WORKERS'] = '2'
await import('./under-way.test.ts')
await import('./under-way-pages.test.ts')
