import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { mustRun, type ClientHome } from '../../harness/clients.ts'
import { at, listAt, stringAt } from '../../harness/json.ts'
import { root } from './examples.ts'
import { syntaxErrors } from './workflow-parser.ts'

/** What the runner of a CI system does for the login: it runs a script in a shell with some variables. */
export type LoginScript = {
  /** The program and its arguments before the script. */
  readonly shell: readonly [program: string, ...args: string[]]
  readonly script: string
  readonly env: Readonly<Record<string, string>>
  /** The audience of the token that the system puts into the variable `ACRUX_ID_TOKEN`; undefined if the job requests it. */
  readonly audience: string | undefined
}

/** The texts of a mapping, by their names. */
function textsIn(mapping: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(mapping ?? {}).map(([name, value]) => [name, String(value)]))
}

/** Replaces the expressions of a kind by their values. An expression without a value fails. */
function resolved(text: string, pattern: RegExp, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(pattern, (expression, name: string) => {
    const value = valueOf(name)
    assert.ok(value !== undefined, `${expression} has no value`)
    return value
  })
}

/** The login of a workflow of GitHub, whose syntax is checked with that of its action. `inputs` are more inputs of the action. */
export function githubLogin(workflow: string, inputs: Readonly<Record<string, string>>): LoginScript {
  assert.deepEqual(syntaxErrors('workflow', workflow), [])
  const content: unknown = parse(workflow)
  assert.equal(at(content, 'permissions', 'id-token'), 'write')
  const uses = listAt(content, 'jobs', 'push', 'steps').find((step) => String(at(step, 'uses')).includes('/acrux/'))
  const dir = /^OWNER\/acrux\/(.+)@v\d+\.\d+\.\d+$/.exec(stringAt(uses, 'uses'))?.[1] ?? ''
  const file = readFileSync(join(root, dir, 'action.yml'), 'utf8')
  assert.deepEqual(syntaxErrors('action', file), [])
  const action: unknown = parse(file)
  const given = { ...textsIn(at(uses, 'with')), ...inputs }
  const valueOf = (name: string): string | undefined =>
    given[name] ??
    (at(action, 'inputs', name, 'required') === true ? undefined : stringAt(action, 'inputs', name, 'default'))
  for (const name of Object.keys(given)) assert.notEqual(at(action, 'inputs', name), undefined, `no input ${name}`)
  assert.equal(at(action, 'runs', 'using'), 'composite')
  const [step, ...others] = listAt(action, 'runs', 'steps')
  assert.deepEqual(others, [])
  assert.equal(stringAt(step, 'shell'), 'sh')
  const env = Object.entries(textsIn(at(step, 'env'))).map(([name, value]) => [
    name,
    resolved(value, /\$\{\{ inputs\.([\w-]+) \}\}/g, valueOf),
  ])
  const variables = { ...Object.fromEntries(env), GITHUB_ACTION_PATH: join(root, dir) }
  return { shell: ['sh', '-e', '-c'], script: stringAt(step, 'run'), env: variables, audience: undefined }
}

const gitlabCiLocal = fileURLToPath(import.meta.resolve('gitlab-ci-local'))

/**
 * The login of a pipeline of GitLab. gitlab-ci-local checks it with the schema of GitLab, and resolves the included template,
 * its inputs and `extends`.
 */
export async function gitlabLogin(pipeline: string, home: ClientHome): Promise<LoginScript> {
  const dir = mkdtempSync(join(home.path, 'tmp', 'gitlab-'))
  cpSync(join(root, 'templates'), join(dir, 'templates'), { recursive: true })
  const remote = /remote: '[^']+\/OWNER\/acrux\/v[\d.]+\/(templates\/[\w.]+)'/
  assert.match(pipeline, remote)
  writeFileSync(join(dir, '.gitlab-ci.yml'), pipeline.replace(remote, 'local: $1'))
  const git = (...args: string[]) => mustRun('git', args, { env: home.env, cwd: dir })
  await git('init', '--quiet')
  await git('remote', 'add', 'origin', 'git@gitlab.example.com:team/app.git')
  await git('add', '.')
  const preview = await mustRun(process.execPath, [gitlabCiLocal, '--preview'], { env: home.env, cwd: dir })
  const job: unknown = at(parse(preview.stdout), 'push')
  const script = listAt(job, 'before_script').map(String).join('\n')
  return {
    shell: ['bash', '-eo', 'pipefail', '-c'],
    script,
    env: textsIn(at(job, 'variables')),
    audience: stringAt(job, 'id_tokens', 'ACRUX_ID_TOKEN', 'aud'),
  }
}

/** The login of a pipeline of Azure Pipelines. `parameters` are more parameters of its template. */
export function azureLogin(
  pipeline: string,
  parameters: Readonly<Record<string, string>>,
  accessToken: string,
): LoginScript {
  const content: unknown = parse(pipeline)
  const [use] = listAt(content, 'steps')
  const [path = '', repository] = stringAt(use, 'template').split('@')
  assert.equal(stringAt(content, 'resources', 'repositories', 0, 'repository'), repository)
  const template: unknown = parse(readFileSync(join(root, path), 'utf8'))
  const given = { ...textsIn(at(use, 'parameters')), ...parameters }
  const declared = new Map(
    listAt(template, 'parameters').map((each) => {
      assert.equal(stringAt(each, 'type'), 'string')
      return [stringAt(each, 'name'), textsIn(each)['default']]
    }),
  )
  for (const name of Object.keys(given)) assert.ok(declared.has(name), `no parameter ${name}`)
  const valueOf = (name: string): string | undefined => given[name] ?? declared.get(name)
  const [step, ...others] = listAt(template, 'steps')
  assert.deepEqual(others, [])
  const env = Object.entries(textsIn(at(step, 'env'))).map(([name, value]) => [
    name,
    resolved(value, /\$\{\{ parameters\.(\w+) \}\}/g, valueOf).replace('$(System.AccessToken)', accessToken),
  ])
  const script = stringAt(step, 'bash')
  return { shell: ['bash', '--noprofile', '--norc', '-c'], script, env: Object.fromEntries(env), audience: undefined }
}

/** The login of a pipeline of Jenkins in `cwd`, where the script is copied to. `variables` are more variables of the job. */
export function jenkinsLogin(pipeline: string, variables: Readonly<Record<string, string>>, cwd: string): LoginScript {
  const [, variable = '', script = ''] =
    /withCredentials\(\[string\(credentialsId: 'acrux', variable: '(\w+)'\)\]\) \{\n *sh '([^']+)'\n *\}/.exec(
      pipeline,
    ) ?? []
  assert.equal(variable, 'ACRUX_ID_TOKEN')
  const copied = /sh (ci\/login\.sh)$/.exec(script)?.[1] ?? ''
  cpSync(join(root, 'actions/login/login.sh'), join(cwd, copied))
  const [, name = '', value = ''] = /environment \{ (\w+) = '([^']+)' \}/.exec(pipeline) ?? []
  return { shell: ['sh', '-xe', '-c'], script, env: { [name]: value, ...variables }, audience: value }
}
