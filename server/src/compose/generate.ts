import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compose } from './compose.ts'
import { loadConfiguration } from '../configuration/index.ts'
import { configurationReference } from '../configuration/index.ts'
import { openApiDocument } from './openapi/openapi.ts'
import { createLog } from '../platform/log/log.ts'

/*
 * Writes every generated document. With `--check`, it only prints the outdated ones, and fails if there are any.
 */
const root = path.resolve(import.meta.dirname, '../../..')
const documents: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/configuration.md': configurationReference,
  'docs/openapi.json': openApiText,
}

/** Creates a temporary server to get its routes. */
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
for (const [name, make] of Object.entries(documents)) {
  const file = path.join(root, name)
  const made = await make()
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present === made) continue
  if (check) {
    process.stderr.write(`${name} is stale: run npm run generate\n`)
    process.exitCode = 1
  } else {
    await writeFile(file, made)
    process.stdout.write(`wrote ${name}\n`)
  }
}
