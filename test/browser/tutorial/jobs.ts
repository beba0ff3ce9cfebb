import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { at, listAt, stringAt } from '../../harness/json.ts'
import { startJobTokenEndpoint } from '../../clients/lib/job-tokens.ts'
import { syntaxErrors } from '../../clients/lib/workflow-parser.ts'
import type { Setting, Terminal } from './setting.ts'

/** The claims of a job. */
export type Claims = Readonly<Record<string, unknown>>

/** Functions that run a pasted text as the CI system or the cluster does. Returns what the job prints. */
export type Runner = (text: string, claims: Claims) => Promise<{ readonly code: number; readonly log: string }>

/** The commit of a job. The images that jobs push have this tag, which is also that of the image that the pod copies. */
const commit = 'latest'

/** The variables of a mapping, as texts. */
const variablesIn = (mapping: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(mapping ?? {}).map(([name, value]) => [name, String(value)]))

/** What a job finds in its workspace after the checkout. */
function checkOut({ home }: Terminal): void {
  writeFileSync(join(home.path, 'hello.txt'), 'hello from a job\n')
  writeFileSync(join(home.path, 'Dockerfile'), 'FROM scratch\nCOPY hello.txt /\n')
}

type Script = { readonly text: string; readonly options?: string }

/** Runs scripts until one fails, each in a shell of its own. */
async function runAll(terminal: Terminal, scripts: readonly Script[], env: Readonly<Record<string, string>>) {
  let log = ''
  for (const { text, options = '' } of scripts) {
    const { code, stdout, stderr } = await terminal.run(`${options}\n${text}`, env)
    log += `${stdout}${stderr}`
    if (code !== 0) return { code: code ?? 1, log }
  }
  return { code: 0, log }
}

/** A job of GitHub Actions: the steps of the workflow in `bash -e`, on a runner that has `docker`, `curl` and `jq`. */
export function gitHubRunner({ issuer, openTerminal }: Setting): Runner {
  return async (workflow, claims) => {
    assert.deepEqual(syntaxErrors('workflow', workflow), [])
    const content: unknown = parse(workflow)
    assert.equal(at(content, 'permissions', 'id-token'), 'write')
    await using endpoint = await startJobTokenEndpoint(({ audience }) => issuer.token({ aud: audience, ...claims }))
    const terminal = openTerminal()
    const scripts: Script[] = []
    for (const step of listAt(content, 'jobs', 'push', 'steps')) {
      if (at(step, 'uses') === undefined) {
        const options = at(step, 'shell') === 'bash' ? 'set -o pipefail' : ''
        scripts.push({ text: stringAt(step, 'run'), options })
      } else {
        assert.match(stringAt(step, 'uses'), /^actions\/checkout@v\d+$/)
        checkOut(terminal)
      }
    }
    const env = { ...variablesIn(at(content, 'jobs', 'push', 'env')), ...endpoint.github, GITHUB_SHA: commit }
    return await runAll(terminal, scripts, env)
  }
}

/** A job of GitLab, whose image has podman. */
export function gitLabRunner({ issuer, openTerminal }: Setting): Runner {
  return async (pipeline, claims) => {
    const job: unknown = at(parse(pipeline), 'push')
    const terminal = openTerminal()
    checkOut(terminal)
    const tokens = Object.entries(variablesOf(job, 'id_tokens')).map(([name, { aud }]) => [
      name,
      issuer.token({ aud, ...claims }),
    ])
    const env = { ...variablesIn(at(job, 'variables')), ...Object.fromEntries(tokens), CI_COMMIT_SHA: commit }
    // The runner makes one script of all lines.
    return runAll(terminal, [{ text: listAt(job, 'script').map(String).join('\n') }], env)
  }
}

function variablesOf(job: unknown, name: string): Readonly<Record<string, { readonly aud?: string }>> {
  return (at(job, name) ?? {}) as Readonly<Record<string, { readonly aud?: string }>>
}

/** A pod of Kubernetes. Its volume is a folder, and its image comes from the registry itself: nothing leaves the machine. */
export function kubernetesRunner({ issuer, openTerminal }: Setting, image: string): Runner {
  return async (manifest, claims) => {
    const pod: unknown = parse(manifest)
    const container: unknown = at(pod, 'spec', 'containers', 0)
    const source: unknown = at(pod, 'spec', 'volumes', 0, 'projected', 'sources', 0, 'serviceAccountToken')
    const file = `${stringAt(container, 'volumeMounts', 0, 'mountPath')}/${stringAt(source, 'path')}`
    const terminal = openTerminal()
    const here = join(terminal.home.path, 'token')
    writeFileSync(here, issuer.token({ aud: stringAt(source, 'audience'), ...claims }))
    const registries = `short-name-mode = "disabled"\n[[registry]]\nprefix = "docker.io/library/alpine"\nlocation = "${image}"\n`
    const folder = join(terminal.home.path, '.config', 'containers')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'registries.conf'), registries)
    const [program = '', ...args] = [...listAt(container, 'command'), ...listAt(container, 'args')].map(String)
    assert.deepEqual([program, args[0]], ['sh', '-c'])
    assert.ok(args[1]?.includes(file))
    return runAll(terminal, [{ text: (args[1] ?? '').replaceAll(file, here) }], {})
  }
}

/** A job of Azure DevOps: the scripts, in which the agent has replaced what it knows. */
export function azureRunner({ issuer, openTerminal }: Setting): Runner {
  return async (pipeline, claims) => {
    const content: unknown = parse(pipeline)
    await using endpoint = await startJobTokenEndpoint(({ connection }) =>
      issuer.token({ aud: 'api://AzureADTokenExchange', connection, ...claims }),
    )
    const known: Readonly<Record<string, string>> = {
      'System.AccessToken': endpoint.accessToken,
      'Build.SourceVersion': commit,
    }
    const replaced = (text: string) => text.replaceAll(/\$\(([\w.]+)\)/g, (whole, name: string) => known[name] ?? whole)
    const terminal = openTerminal()
    checkOut(terminal)
    let log = ''
    for (const step of listAt(content, 'steps')) {
      const own = Object.entries(variablesIn(at(step, 'env'))).map(([name, value]) => [name, replaced(value)])
      const env = { ...variablesIn(at(content, 'variables')), ...endpoint.azure, ...Object.fromEntries(own) }
      const ran = await runAll(terminal, [{ text: replaced(stringAt(step, 'bash')), options: 'set +e' }], env)
      log += ran.log
      if (ran.code !== 0) return { code: ran.code, log }
    }
    return { code: 0, log }
  }
}
