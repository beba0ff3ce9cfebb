import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { type TestBrowser, browserFor } from '../../harness/browser.ts'
import { type ClientHome, type Ran, clientHome, run } from '../../harness/clients.ts'
import { mainFile } from '../../harness/program.ts'
import { type RunningServer, startServer } from '../../harness/server.ts'
import { tempDir } from '../../harness/temp-dir.ts'
import { type TokenIssuer, startTokenIssuer } from '../../harness/token-issuer.ts'
import { acruxInPath } from '../../clients/acrux/acrux-in-path.ts'
import { startConnectProxy } from '../../clients/lib/connect-proxy.ts'
import { type Docker, startDocker } from '../../clients/lib/docker.ts'
import { openMountNamespace } from '../../clients/lib/mount-namespace.ts'
import { type Watched, watch } from '../portal-page.ts'

/** The name of the server in the tutorials. */
export const loginServer = 'registry.example.com'

/** The issuer of the tokens of GitHub's jobs. Here it is an address of the loopback interface that nothing else uses. */
const gitHub = { origin: 'https://token.actions.githubusercontent.com', address: '127.0.0.77', port: 443 }

/** The shell of a person or a job, with a home of its own. */
export type Terminal = {
  readonly home: ClientHome
  /** Runs commands as they are pasted. */
  readonly run: (commands: string, env?: Readonly<Record<string, string>>) => Promise<Ran>
  /** Runs commands that must succeed. Returns what they print. */
  readonly must: (commands: string, env?: Readonly<Record<string, string>>) => Promise<string>
}

/** What the readers of the tutorials have: a server of that name, browsers, shells with docker and others, and GitHub. */
export interface Setting extends AsyncDisposable {
  readonly server: RunningServer
  readonly issuer: TokenIssuer
  readonly openTerminal: () => Terminal
  readonly openBrowser: () => Promise<Watched & { readonly context: BrowserContext }>
}

/** The programs that a setting needs, as root. */
export const programs = ['chromium', 'certutil', 'docker', 'dockerd', 'docker-buildx', 'containerd', 'podman', 'skopeo', 'jq', 'curl'] // prettier-ignore

/** Starts everything. Clients reach the server at port 443 of its name, by proxies. */
export async function openSetting(): Promise<Setting> {
  await using stack = new AsyncDisposableStack()
  const issuer = stack.use(await startTokenIssuer(gitHub))
  const server = stack.use(await serve(stack, issuer))
  const browser = stack.use(browserFor(server))
  const { caFile } = server
  const proxy = stack.use(await startConnectProxy((name) => (name === loginServer ? server.port : undefined)))
  const where = { hostname: loginServer, host: loginServer, port: server.port }
  const docker = stack.use(await startDocker({ ...where, store: 'the classic image store', caFile }))
  const whole = stack.move()
  return {
    server,
    issuer,
    openTerminal: () => openTerminal(whole.use(clientHome(caFile)), { ...proxied(proxy.url), ...variables(docker) }),
    openBrowser: () => openBrowser(whole, browser, server),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  }
}

const proxied = (url: string) => ({ HTTPS_PROXY: url, https_proxy: url })
const variables = ({ dockerHost }: Docker) => ({ DOCKER_HOST: dockerHost })

/** Starts the server where the name of GitHub's issuer has its address here. */
async function serve(stack: AsyncDisposableStack, issuer: TokenIssuer): Promise<RunningServer> {
  const home = stack.use(tempDir('tutorial'))
  const hosts = join(home.path, 'hosts')
  copyFileSync('/etc/hosts', hosts)
  writeFileSync(hosts, `${gitHub.address} ${new URL(gitHub.origin).hostname}\n`, { flag: 'a' })
  const view = stack.use(await openMountNamespace([{ from: hosts, to: '/etc/hosts' }]))
  const [program, args] = view.enter(process.execPath, [mainFile])
  return startServer({
    program: [program, ...args],
    publicHost: loginServer,
    proxied: true,
    registry: 'contoso',
    dev: false,
    args: ['--outbound-allowed-networks', gitHub.address, '--outbound-ca-file', issuer.caFile],
  })
}

function openTerminal(home: ClientHome, more: Readonly<Record<string, string>>): Terminal {
  const all = { ...acruxInPath(home), ...more }
  const tryRun: Terminal['run'] = (commands, env = {}) =>
    run('bash', ['-e', '-c', commands], { env: { ...all, ...env }, cwd: home.path })
  return {
    home,
    run: tryRun,
    must: async (commands, env) => {
      const { code, stdout, stderr } = await tryRun(commands, env)
      if (code !== 0) throw new Error(`${commands}: exit ${code ?? 'by signal'}\n${stdout}${stderr}`)
      return stdout
    },
  }
}

async function openBrowser(stack: AsyncDisposableStack, browser: TestBrowser, server: RunningServer) {
  const context = stack.use(
    await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } }),
  )
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  return { context, ...(await watch(context, server.baseUrl)) }
}
