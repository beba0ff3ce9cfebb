import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compose } from './compose.ts'
import { configurationReference, loadConfiguration } from '../configuration/index.ts'
import { openApiDocument } from './openapi/openapi.ts'
import { createLog } from '../platform/log/log.ts'

/*
 * Writes the generated documents. With `--check` it writes none, names those that are stale, and fails if there is one.
 */
const root = path.resolve(import.meta.dirname, '../../..')
const documents = {
  'docs/reference/configuration.md': configurationReference(),
  'docs/openapi.json': await openApiText(),
}

/** The OpenAPI document of a server that is composed for this purpose only. */
async function openApiText(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-generate-'))
  try {
    const flags = { dataDir: path.join(directory, 'data'), http: true }
    const server = await compose(await loadConfiguration({ flags, env: {} }), createLog('silent'))
    await server.close()
    return `${JSON.stringify(openApiDocument(server.routes), null, 1)}\n`
  } finally {
    await rm(directory, { recursive: true })
  }
}

const check = process.argv.includes('--check')
for (const [name, text] of Object.entries(documents)) {
  const file = path.join(root, name)
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === text) continue
  if (check) {
    process.stderr.write(`${name} is stale: run npm run generate\n`)
    process.exitCode = 1
  } else {
    await writeFile(file, text)
    process.stdout.write(`wrote ${name}\n`)
  }
}
