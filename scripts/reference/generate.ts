import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import { apiTypes } from './api-types.ts'
import { errorsReference } from './errors.ts'
import { withLoginScript } from './login-script.ts'
import { openApiOfServer } from './openapi.ts'
import { seedJsonSchema } from '../../server/src/emulator/seed/schema.ts'

/*
 * Writes the generated files of the repository: types of API documents, the codes of the table of errors, the JSON
 * Schema of seeds, and the script in the templates of CI systems. With `--check`, writes none and fails if a file is out of date.
 */
const root = path.resolve(import.meta.dirname, '../..')
const read = (name: string): Promise<string> => readFile(path.join(root, name), 'utf8')

const { components } = await openApiOfServer()
const script = await read('actions/login/login.sh')
const errors = 'docs/reference/errors.md'

const seedSchema = 'docs/reference/emulator-seed.schema.json'

const files: Readonly<Record<string, string>> = {
  ...(await apiTypes(components.schemas)),
  [errors]: await format(errorsReference(await read(errors)), {
    ...(await resolveConfig(path.join(root, errors))),
    parser: 'markdown',
  }),
  [seedSchema]: await format(JSON.stringify(seedJsonSchema()), {
    ...(await resolveConfig(path.join(root, seedSchema))),
    parser: 'json',
  }),
  'templates/login.yml': withLoginScript(await read('templates/login.yml'), script),
  'azure-pipelines/login.yml': withLoginScript(await read('azure-pipelines/login.yml'), script),
}

const check = process.argv.includes('--check')
for (const [name, text] of Object.entries(files)) {
  if ((await read(name).catch(() => '')) === text) continue
  if (check) {
    process.stderr.write(`${name} is stale: run npm run generate\n`)
    process.exitCode = 1
  } else {
    await writeFile(path.join(root, name), text)
    process.stdout.write(`wrote ${name}\n`)
  }
}
