import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { ConfigurationError, type ConfigurationSources, loadConfiguration } from './configuration.ts'

/** Loads the configuration with `acrux.yaml` as the only file. */
function withFile(text: string, from: ConfigurationSources = {}) {
  return loadConfiguration({ ...from, flags: { config: 'acrux.yaml', ...from.flags }, readFile: () => text })
}

async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  try {
    await loading
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.equal(error.exitCode, exitCodes.configuration)
    assert.equal(error.message, error.problems.join('\n'))
    assert.ok(error.problems.every((problem) => !problem.includes('\n')))
    return error.problems
  }
  throw new Error('it was accepted')
}

describe('the configuration', () => {
  test('is complete without any setting', async () => {
    assert.deepEqual(await loadConfiguration(), {
      dataDir: resolve('acrux-data'),
      database: {
        maxReadConnections: 10,
        maxWriteConnections: 10,
        connectionTimeoutSeconds: 10,
        statementTimeoutSeconds: 30,
      },
      listen: [{ host: '127.0.0.1', port: 5443 }],
      hasPublicHost: false,
      publicHost: 'localhost:5443',
      suffix: '.azurecr.localhost:5443',
      tls: { acme: { acceptTerms: false } },
      http: false,
      workers: 1,
      backup: {},
      behindProxy: [],
      hstsIncludeSubDomains: false,
      logLevel: 'info',
      registry: 'myregistry',
      dev: false,
      metricsRetentionDays: 93,
      drainSeconds: 0,
      shutdownSeconds: 30,
      uploadExpirySeconds: 3600,
      compatibility: 'oci',
      acceptSparseImages: false,
      signingKeyRotationDays: 90,
      identityProviders: [],
      identity: {
        passwordGrant: false,
        requireSecondFactor: 'none',
        secondFactorEnrolment: 'self',
        protectRoleAssigners: true,
        acceptProviderMfa: true,
        maxSignInDays: 180,
        maxWorkloadTokenSeconds: 86_400,
      },
      trustedTenants: [],
      outbound: { allowPrivateAddresses: false, allowedNetworks: [], tokenServices: [] },
      integrity: { verifyAfterSeconds: 1_209_600, scrubIntervalSeconds: 604_800, scrubBytesPerSecond: 16_777_216 },
      gc: { intervalSeconds: 3600, gracePeriodSeconds: 86_400 },
      audit: { retentionDays: 0 },
      reports: { countFrom: [] },
      storage: {
        kind: 'filesystem',
        prefix: '',
        redirect: false,
        azureBlob: {},
        s3: { region: 'us-east-1', pathStyle: false, checksums: 'when-supported' },
      },
      limits: {
        requestSeconds: 30,
        minUploadBytesPerSecond: 1024,
        minDownloadBytesPerSecond: 1024,
        slowClientSeconds: 60,
        maxConcurrentRequestsPerCaller: 256,
        processorPercentPerCaller: 25,
        maxBufferedMegabytesPerCaller: 16,

        registryQuotaBytes: 0,
        repositoryQuotaBytes: 0,
        maxUploadsPerRepository: 1000,
        maxConcurrentUploadsPerCaller: 256,
        maxConcurrentImports: 4,
        throttling: 'off',
      },
    })
  })

  test('takes the database as a URL or as a mapping, and a flag for either', async () => {
    const url = 'postgres://acrux@db.example.com/acrux'
    const parsed = {
      host: 'db.example.com',
      port: 5432,
      user: 'acrux',
      password: undefined,
      database: 'acrux',
      tls: true,
    }
    const loadings = [
      withFile(`database: ${url}`),
      withFile(`database: { url: ${url} }`),
      withFile('database: postgres://a@b/c', { env: { ACRUX_DATABASE: url } }),
      withFile('database: { maxReadConnections: 10 }', { flags: { database: url } }),
    ]
    for (const loading of loadings) assert.deepEqual((await loading).database.url, parsed)
    const pool = { env: { ACRUX_DATABASE_MAX_READ_CONNECTIONS: '3' } }
    assert.deepEqual((await withFile(`database: ${url}`, pool)).database.maxReadConnections, 3)
  })

  test('the problems of a database setting do not contain a password', async () => {
    const url = 'postgres://acrux:secret1@db.example.com/acrux'
    const advice = 'must contain no password: set database.passwordFile or database.passwordCommand'
    assert.deepEqual(await problemsOf(loadConfiguration({ flags: { database: url } })), [`--database: ${advice}`])
    assert.deepEqual(await problemsOf(withFile(`gc: {}\ndatabase: ${url}`)), [`acrux.yaml:2: database.url: ${advice}`])
    const wrong = loadConfiguration({ env: { ACRUX_DATABASE: `${url}?ssl=1` } })
    assert.deepEqual(await problemsOf(wrong), ['ACRUX_DATABASE: must have no parameter except sslmode'])
  })

  test('prefers flags to variables to the file, for lists as a whole', async () => {
    const file =
      'registry: fromfile\nlogLevel: debug\nlisten: [127.0.0.1:1, 127.0.0.1:2]\ngc: {intervalSeconds: 1, gracePeriodSeconds: 2}'
    const env = { ACRUX_REGISTRY: 'fromenv', ACRUX_LOG_LEVEL: 'warn', ACRUX_GC_INTERVAL_SECONDS: '5', HOME: '/' }
    const flags = { registry: 'fromflag', listen: ['127.0.0.1:3'], logLevel: undefined }
    const configuration = await withFile(file, { env, flags })
    assert.equal(configuration.registry, 'fromflag')
    assert.equal(configuration.logLevel, 'warn')
    assert.deepEqual(configuration.listen, [{ host: '127.0.0.1', port: 3 }])
    assert.deepEqual(configuration.gc, { intervalSeconds: 5, gracePeriodSeconds: 2 })
  })

  test('reads the file of ACRUX_CONFIG, or the file of the flag if both are set', async () => {
    const readFile = (file: string) => `registry: ${file}`
    const env = { ACRUX_CONFIG: 'fromenv' }
    assert.equal((await loadConfiguration({ env, readFile })).registry, 'fromenv')
    assert.equal((await loadConfiguration({ env, readFile, flags: { config: 'fromflag' } })).registry, 'fromflag')
  })

  test('reads numbers, booleans and lists from text', async () => {
    const env = {
      ACRUX_SHUTDOWN_SECONDS: '0',
      ACRUX_HTTP: 'true',
      ACRUX_LISTEN: '127.0.0.1:80, [::1]:80',
      ACRUX_BEHIND_PROXY: '10.0.0.0/8',
      ACRUX_TLS_CERT: '',
    }
    const configuration = await loadConfiguration({ env })
    assert.equal(configuration.shutdownSeconds, 0)
    assert.equal(configuration.http, true)
    assert.equal(configuration.listen.length, 2)
    assert.deepEqual(configuration.behindProxy, ['10.0.0.0/8'])
    assert.equal(configuration.tlsCert, undefined)
    assert.equal((await loadConfiguration({ env, flags: { http: 'false' } })).http, false)
    assert.equal((await loadConfiguration({ flags: { http: true } })).http, true)
  })

  test('derives the hosts from the first listener, without the default port', async () => {
    const listening = async (flags: Record<string, unknown>) => {
      const { publicHost, suffix } = await loadConfiguration({ flags })
      return [publicHost, suffix]
    }
    assert.deepEqual(await listening({ listen: ['0.0.0.0:8443', '0.0.0.0:9443'] }), [
      'localhost:8443',
      '.azurecr.localhost:8443',
    ])
    assert.deepEqual(await listening({ listen: ['0.0.0.0:443'] }), ['localhost', '.azurecr.localhost'])
    assert.deepEqual(await listening({ listen: ['127.0.0.1:80'], http: true }), ['localhost', '.azurecr.localhost'])
    assert.deepEqual(await listening({ publicHost: 'R.Example.com', suffix: '.X.example.com' }), [
      'r.example.com',
      '.x.example.com',
    ])
  })

  test('omits the default port of HTTPS or HTTP from the hosts', async () => {
    const named = async (port: number, flags: Record<string, unknown> = {}) => {
      const hosts = { publicHost: `r.example.com:${port}`, suffix: `.x.example.com:${port}` }
      const { publicHost, suffix } = await loadConfiguration({ flags: { ...hosts, ...flags } })
      return [publicHost, suffix]
    }
    const bare = ['r.example.com', '.x.example.com']
    const proxied = { http: true, behindProxy: ['10.0.0.0/8'] }
    assert.deepEqual(await named(443), bare)
    assert.deepEqual(await named(443, proxied), bare)
    assert.deepEqual(await named(80, { http: true }), bare)
    assert.deepEqual(await named(80), ['r.example.com:80', '.x.example.com:80'])
    assert.deepEqual(await named(80, proxied), ['r.example.com:80', '.x.example.com:80'])
    assert.deepEqual(await named(443, { http: true }), ['r.example.com:443', '.x.example.com:443'])
  })

  test('cannot be changed', async () => {
    const configuration = await loadConfiguration()
    assert.ok(Object.isFrozen(configuration))
    assert.ok(Object.isFrozen(configuration.gc))
    assert.ok(Object.isFrozen(configuration.listen[0]))
  })

  test('ignores the variables that Kubernetes sets for a service called acrux', async () => {
    const env = {
      ACRUX_SERVICE_HOST: '10.0.0.1',
      ACRUX_SERVICE_PORT: '443',
      ACRUX_SERVICE_PORT_HTTPS: '443',
      ACRUX_PORT: 'tcp://10.0.0.1:443',
      ACRUX_PORT_443_TCP: 'tcp://10.0.0.1:443',
      ACRUX_PORT_443_TCP_ADDR: '10.0.0.1',
      ACRUX_METRICS_PORT_9090_TCP_PROTO: 'tcp',
    }
    await loadConfiguration({ env })
    assert.deepEqual(await problemsOf(loadConfiguration({ env: { ACRUX_PORT: '443' } })), [
      'ACRUX_PORT: no such setting',
    ])
  })
})

describe('a wrong configuration', () => {
  test('is rejected with all problems at once, each with its source', async () => {
    const file = [
      'registry: no',
      'listen:',
      '  - 127.0.0.1:5443',
      '  - nonsense',
      'gc:',
      '  intervalSeconds: soon',
      '  gracePeriodSecond: 5',
      'data-dir: /tmp',
      'logLevel:',
    ].join('\n')
    const env = { ACRUX_SHUTDOWN_SECONDS: '1e3', ACRUX_LSTEN: 'x', ACRUX_PUBLIC_HOST: 'registry' }
    const flags = { metricsListen: '9090', nonsense: true }
    const problems = await problemsOf(withFile(file, { env, flags }))
    assert.deepEqual([...problems].sort(), [
      '--metrics-listen: must be HOST:PORT, such as 127.0.0.1:5443, not "9090"',
      'ACRUX_LSTEN: no such setting; did you mean ACRUX_LISTEN?',
      'ACRUX_PUBLIC_HOST: must be a host that clients can write before an image name: with a dot or a port, such as registry.example.com, not "registry"',
      'ACRUX_SHUTDOWN_SECONDS: must be a whole number from 0 to 3600, not "1e3"',
      'acrux.yaml:1: registry: must be 5 to 50 letters and digits, not "no"',
      'acrux.yaml:2: listen: must be HOST:PORT, such as 127.0.0.1:5443, not "nonsense"',
      'acrux.yaml:6: gc.intervalSeconds: must be a whole number from 1 to 31536000, not "soon"',
      'acrux.yaml:7: gc.gracePeriodSecond: no such setting; did you mean gc.gracePeriodSeconds?',
      'acrux.yaml:8: data-dir: no such setting; did you mean dataDir?',
      'acrux.yaml:9: logLevel: must be one of fatal, error, warn, info, debug, trace, silent, not null',
      'nonsense: no such flag',
    ])
  })

  const combinations: readonly { flags: Record<string, unknown>; problems: readonly string[]; why: string }[] = [
    {
      flags: { http: true, listen: ['0.0.0.0:80'] },
      problems: ['--http: HTTP requires loopback addresses, or a proxy in behindProxy'],
      why: 'passwords would cross the network in the clear',
    },
    { flags: { http: true, listen: ['0.0.0.0:80'], behindProxy: ['10.0.0.1'] }, problems: [], why: 'a proxy does TLS' },
    {
      flags: { http: true, tlsCert: 'c', tlsKey: 'k' },
      problems: ['--http: HTTP uses no certificate: set http or tlsCert, not both'],
      why: 'one of the two is a mistake',
    },
    {
      flags: { tlsCert: 'c' },
      problems: ['--tls-cert: a certificate requires a key: also set tlsKey'],
      why: 'a certificate alone is of no use',
    },
    {
      flags: { tlsKey: 'k' },
      problems: ['--tls-key: a key requires a certificate: also set tlsCert'],
      why: 'a key alone is of no use',
    },
    {
      flags: { listen: ['127.0.0.1:5443', '127.0.0.1:5443'] },
      problems: ['--listen: the same address is listed twice'],
      why: 'the second could not be bound',
    },
    {
      flags: { metricsListen: '127.0.0.1:5443' },
      problems: ['--metrics-listen: metrics need a separate address'],
      why: 'the second could not be bound',
    },
    {
      flags: { tlsKey: 'k', registry: 'no' },
      problems: [
        '--registry: must be 5 to 50 letters and digits, not "no"',
        '--tls-key: a key requires a certificate: also set tlsCert',
      ],
      why: 'combinations of settings are checked although another setting is wrong',
    },
  ]
  for (const { flags, problems, why } of combinations) {
    test(`is ${problems.length === 0 ? 'not ' : ''}${JSON.stringify(flags)}: ${why}`, async () => {
      if (problems.length === 0) await loadConfiguration({ flags })
      else assert.deepEqual(await problemsOf(loadConfiguration({ flags })), problems)
    })
  }

  const files: readonly { text: string; problem: RegExp; why: string }[] = [
    { text: 'a: [', problem: /^acrux\.yaml:1: /, why: 'no YAML' },
    {
      text: 'registry: contoso\nregistry: fabrikam',
      problem: /^acrux\.yaml:2: Map keys must be unique/,
      why: 'a double',
    },
    { text: '- a', problem: /^acrux\.yaml:1: must be a mapping of settings to values/, why: 'a list' },
    { text: 'gc: 5', problem: /^acrux\.yaml:1: gc: must be a mapping, not 5/, why: 'a value in place of a mapping' },
    { text: 'registry: !!js/function x', problem: /^acrux\.yaml:1: Unresolved tag/, why: 'a tag that means code' },
    { text: '__proto__: {registry: contoso}', problem: /^acrux\.yaml:1: __proto__: no such setting/, why: 'a trap' },
    { text: 'registry: 12345', problem: /^acrux\.yaml:1: registry: must be 5 to 50 letters/, why: 'a number' },
    { text: `a: ${'x'.repeat(2_000_000)}`, problem: /too large/, why: 'bounded reading' },
    {
      text: `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
      problem: /Excessive alias count/,
      why: 'a file that unfolds without end',
    },
  ]
  for (const { text, problem, why } of files) {
    test(`is a file of ${JSON.stringify(text.slice(0, 40))}: ${why}`, async () => {
      const problems = await problemsOf(withFile(text))
      assert.ok(
        problems.some((line) => problem.test(line)),
        problems.join('\n'),
      )
    })
  }

  test('is a missing file; an empty one is valid', async () => {
    const problems = await problemsOf(loadConfiguration({ flags: { config: '/absent.yaml' } }))
    assert.deepEqual(problems, ['/absent.yaml: the configuration file cannot be read: the path does not exist'])
    assert.equal((await withFile('')).registry, 'myregistry')
    assert.equal((await withFile('# nothing\n')).registry, 'myregistry')
  })
})
