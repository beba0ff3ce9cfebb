/** The values of a server that the command lines name. */
type ServerValues = { readonly resourceManager: string; readonly subscriptionId: string; readonly tenantId: string }

/** The command line that registers a server as a cloud. */
export function registerLine(resourceManager: string): readonly string[] {
  return ['cloud', 'register', '-n', 'acrux', '--endpoint-resource-manager', resourceManager]
}

type ProfileLine = readonly [args: readonly string[], why: string]

/** Command lines of one profile whose output and exit code are those of az, byte for byte. */
export function profileLines(server: ServerValues): readonly ProfileLine[] {
  return [...accountLines(server), ...cloudLines(server)]
}

function accountLines({ subscriptionId, tenantId }: ServerValues): readonly ProfileLine[] {
  return [
    [['account', 'show'], 'a document'],
    [['account', 'show', '-o', 'jsonc'], 'without a terminal, jsonc has no colours'],
    [['account', 'show', '-o', 'yaml'], 'YAML'],
    [['account', 'show', '-o', 'table'], 'a table of one row'],
    [['account', 'show', '-o', 'tsv'], 'tab-separated values'],
    [['account', 'show', '-o', 'none'], 'no output'],
    [['account', 'show', '--query', 'user.name', '-o', 'tsv'], 'a query for a text'],
    [['account', 'show', '--query', 'isDefault', '-o', 'tsv'], 'a query for a boolean'],
    [['account', 'show', '--query', '{b: id, a: name}'], 'a query that creates an object'],
    [['account', 'show', '--query', '{b: id, a: name}', '-o', 'tsv'], 'the order of a query'],
    [['account', 'show', '--query', '{b: id, a: name}', '-o', 'table'], 'the order of a query in a table'],
    [['account', 'show', '--query', 'missing'], 'a query without a result'],
    [['account', 'show', '--query', "'größe ☃ <&>'"], 'characters beyond ASCII are not escaped'],
    [
      ['account', 'show', '--query', '`["yes", "1.5", "null", "2026-11-24", "a: b", "-x", "", "a #b"]`', '-o', 'yaml'],
      'quotes in YAML',
    ],
    [['account', 'show', '--query', '`{"b": 1, "a": {"d": [], "c": [1, [2, {}]]}}`', '-o', 'yaml'], 'nested YAML'],
    [['account', 'show', '--query', '`[{}]`', '-o', 'table'], 'a table without columns'],
    [['account', 'show', '-s', subscriptionId], 'by its id'],
    [['account', 'show', '-n', 'Acrux'], 'by its name'],
    [['account', 'show', '-s', 'nosuch'], 'an unknown subscription'],
    [['account', 'list'], 'a list'],
    [['account', 'list', '-o', 'table'], 'a table with columns of its own'],
    [['account', 'list', '-o', 'tsv'], 'rows of tab-separated values'],
    [['account', 'list', '--all', '--query', '[].[id, name]', '-o', 'tsv'], 'a query for lists'],
    [['account', 'list', '--query', '[].[id, name]', '-o', 'table'], 'columns without names'],
    [['account', 'list', '--query', '[?name==`x`]'], 'an empty list'],
    [['account', 'list', '--query', '[?name==`x`]', '-o', 'table'], 'an empty table'],
    [['account', 'set', '-s', subscriptionId], 'no output'],
    [['account', 'set', '-s', 'nosuch'], 'an unknown subscription'],
    [['account', 'set'], 'a missing option'],
    [['account', 'get-access-token', '--query', 'tokenType', '-o', 'tsv'], 'the type of a token'],
    [['account', 'get-access-token', '--query', 'keys(@)'], 'the members of a token'],
    [['account', 'get-access-token', '--tenant', tenantId, '--query', 'tenant'], 'a tenant'],
    [['account', 'get-access-token', '-s', subscriptionId, '-t', tenantId], 'two that exclude each other'],
    [['account', 'get-access-token', '--resource', 'https://nosuch.example.com'], 'an unknown resource'],
    [['account', 'get-access-token', '--resource-type', 'MS-Graph', '--query', 'tokenType'], 'a type in any case'],
    [['account', 'get-access-token', '--resource-type', 'batch'], 'a type that the cloud does not have'],
    [['account', 'get-access-token', '--scope', '--query', 'tokenType'], 'no scope'],
    [['account', 'get-access-token', '--scope', 'a', 'b'], 'two scopes'],
    [['account', 'list-locations'], 'a list of the server'],
    [['account', 'list-locations', '--include-extended-locations', 'no', '-o', 'table'], 'a word for false'],
    [['account', 'list-locations', '--include-extended-locations', 'perhaps'], 'a word for neither'],
    [['account', 'list-locations', '-s', subscriptionId], 'an option that it does not have'],
    [['account', 'frobnicate'], 'an unknown command'],
    [['account', 'show', '-o', 'xml'], 'an unknown format'],
    [['account', 'show', '--query', 'a['], 'a malformed query'],
  ]
}

function cloudLines({ resourceManager }: ServerValues): readonly ProfileLine[] {
  return [
    [['cloud', 'show'], 'the active cloud'],
    [['cloud', 'show', '-n', 'acrux', '--query', 'endpoints', '-o', 'tsv'], 'endpoints, sorted by name'],
    [['cloud', 'show', '-n', 'acrux', '-o', 'yaml'], 'a cloud in YAML'],
    [['cloud', 'show', '-n', 'nosuch'], 'an unknown cloud'],
    [['cloud', 'list', '--query', "[?name=='acrux']"], 'a registered cloud'],
    [['cloud', 'set', '-n', 'acrux'], 'the cloud that is active already'],
    [['cloud', 'set', '-n', 'nosuch'], 'an unknown cloud'],
    [['cloud', 'set', '-n', 'acrux', '--profile', 'latest'], 'a profile'],
    [['cloud', 'set', '-n', 'acrux', '--profile', 'oldest'], 'an unknown profile'],
    [['cloud', 'list-profiles'], 'the only profile'],
    [['cloud', 'list-profiles', '-n', 'nosuch', '--show-all', '-o', 'tsv'], 'the name is not used'],
    [['cloud', 'update', '--suffix-storage-endpoint', 'files.example.com'], 'one suffix of the active cloud'],
    [['cloud', 'update', '-n', 'acrux', '--cloud-config', '{"endpoints":{"gallery":"https://x.example.com"}}'], 'JSON'],
    [['cloud', 'show'], 'the changed cloud'],
    [['cloud', 'update', '-n', 'acrux', '--endpoint-resource-manager', resourceManager], 'endpoints of the server'],
    [['cloud', 'show'], 'the cloud that the server described again'],
    [['cloud', 'update', '-n', 'nosuch', '--suffix-keyvault-dns', '.x'], 'an unknown cloud without endpoints'],
    [['cloud', 'update', '-n', 'nosuch', '--endpoint-resource-manager', resourceManager], 'an unknown cloud'],
    [['cloud', 'update', '--cloud-config', '{'], 'malformed JSON'],
    [['cloud', 'update', '--profile', 'oldest'], 'an unknown profile'],
    [registerLine(resourceManager), 'a cloud that is registered already'],
    [['cloud', 'register', '-n', 'other'], 'a cloud without an endpoint'],
    [['cloud', 'unregister', '-n', 'acrux'], 'the active cloud'],
    [['logout', '--username', 'nosuch'], 'an unknown user'],
    [['login', '--identity', '--username', 'x'], 'options that exclude each other'],
    [['acr', 'login', '-n', 'x', '--expose-token', '--subscription', 'nosuch'], 'an unknown subscription'],
    [['login', '--use-device-code', '--service-principal', '-u', 'x'], 'options that exclude each other'],
    [['account', 'clear'], 'no output'],
    [['account', 'show'], 'nobody is signed in'],
  ]
}
