import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { root } from '../set-up.mjs'
import { hashOfSources, isBuiltFrom, recordBuiltFrom } from './changed.ts'

/*
 * Builds the documents into the file that the server reads. With `--check`, builds them and writes nothing; with `--changed`, builds them
 * only if a source has changed. Fails if there is a warning.
 */
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
}

const output = path.join(root, 'server/src/portal-host/assets/docs.json')

function packed(name: string, content: Buffer) {
  return {
    contentType: contentTypes[path.extname(name)] ?? 'text/plain; charset=utf-8',
    etag: createHash('sha256').update(content).digest('hex').slice(0, 20),
    gzip: gzipSync(content, { level: 9 }).toString('base64'),
  }
}

const hash = hashOfSources()
if (process.argv.includes('--changed') && existsSync(output) && isBuiltFrom(hash)) process.exit(0)
const { buildDocuments } = await import('./build.ts')
const { files, warnings } = await buildDocuments()
for (const warning of warnings) process.stderr.write(`${warning}\n`)
if (warnings.length > 0) process.exitCode = 1
else if (!process.argv.includes('--check')) {
  mkdirSync(path.dirname(output), { recursive: true })
  const text = JSON.stringify({
    files: Object.fromEntries([...files].map(([name, file]) => [name, packed(name, file)])),
  })
  // In one step: a running server may read it.
  writeFileSync(`${output}.new`, text)
  renameSync(`${output}.new`, output)
  recordBuiltFrom(hash)
  process.stderr.write(`acrux: wrote ${path.relative(root, output)} (${files.size} files)\n`)
}
