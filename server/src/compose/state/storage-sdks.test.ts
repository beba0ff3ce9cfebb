import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The object store SDKs that a process has loaded after this code. */
async function loadedBy(code: string): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({
      resolve: (specifier, context, next) => {
        if (/^@(aws-sdk|azure)\\//.test(specifier)) loaded.add(specifier)
        return next(specifier, context)
      },
    })
    ${code}
    process.stdout.write(JSON.stringify([...loaded]))
    process.exit()`
  const url = (file: string) => JSON.stringify(new URL(file, import.meta.url))
  const source = program.replaceAll(/import\('([^']+)'\)/g, (_all, file: string) => `import(${url(file)})`)
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true' },
  })
  return JSON.parse(stdout) as string[]
}

test('a server whose blobs are files loads no SDK of an object store', async () => {
  assert.deepEqual(await loadedBy(`await import('../compose.ts')`), [])
})

test('the SDK of S3 is loaded when a bucket is opened, and the SDK of Azure is not', async () => {
  const settings = `{ bucket: 'b', region: 'us-east-1', pathStyle: true, checksums: 'when-required', prefix: '' }`
  const loaded = await loadedBy(`await (await import('../../storage/index.ts')).openRenewedS3Objects(${settings})`)
  assert.ok(loaded.includes('@aws-sdk/client-s3'))
  assert.ok(!loaded.some((name) => name.startsWith('@azure/')))
})
