import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import { loadProgram } from '../../cli/src/table/table.ts'
import { apiReference } from './api.ts'
import { cliReference } from './cli.ts'
import { errorsReference } from './errors.ts'
import { withLoginScript } from './login-script.ts'

/*
 * Writes the generated pages of the reference, and the templates of CI systems. With `--check`, writes none and fails if one is out of date. The OpenAPI
 * document has its own check.
 */
const root = path.resolve(import.meta.dirname, '../..')
const read = (name: string): Promise<string> => readFile(path.join(root, name), 'utf8')

const pages: Readonly<Record<string, (present: string) => string | Promise<string>>> = {
  'docs/reference/api.md': async () => apiReference(JSON.parse(await read('docs/openapi.json'))),
  'docs/reference/cli.md': async () => cliReference(await loadProgram(() => true)),
  'docs/reference/errors.md': async (present) => {
    const options = await resolveConfig(path.join(root, 'docs/reference/errors.md'))
    return format(errorsReference(present), { ...options, parser: 'markdown' })
  },
  'templates/login.yml': async (present) => withLoginScript(present, await read('actions/login/login.sh')),
  'azure-pipelines/login.yml': async (present) => withLoginScript(present, await read('actions/login/login.sh')),
}

const check = process.argv.includes('--check')
for (const [name, render] of Object.entries(pages)) {
  const present = await read(name).catch(() => '')
  const text = await render(present)
  if (present === text) continue
  if (check) {
    process.stderr.write(`${name} is stale: run npm run generate\n`)
    process.exitCode = 1
  } else {
    await writeFile(path.join(root, name), text)
    process.stdout.write(`wrote ${name}\n`)
  }
}
