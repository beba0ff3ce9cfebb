import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/*
 * Other users of a machine see the arguments of every program. So no example passes a secret as the value of an option: it is
 * read from standard input or from a file. A variable of the shell in an argument is as visible as the text itself.
 */

const root = join(import.meta.dirname, '..')

/** Options whose value is a secret, of the clients that the pages use. */
const secretOption = /\s(?:-p|--(?:password|client-secret|secret|federated-token|passphrase|token))[ =]+(\S+)/g

/** The name of a scoped token, which is no secret. */
const scopedToken = /(?<=\bacr pull-secret\b.*)\s--token\s\S+/

/** `-` and `@FILE` are not secrets, and neither is a placeholder that names another option or a number of password. */
const isHarmless = (value: string): boolean => /^["']?(?:-$|@|-)/.test(value)

/** Options that carry a user name and a password, or a token, in one value. */
const pairs = [
  /\s--(?:src-|dest-)?creds[ =]+\S+:\S+/,
  /\bcurl\b.*\s(?:-u|--user)[ =]+\S+:\S+/,
  /\bcurl\b.*\s(?:-H|--header)[ =]+["']Authorization: /i,
  /\bcurl\b.*\s(?:-d|--data|--data-urlencode|-F)[ =]+["']?(?:password|client_secret|access_token|refresh_token|assertion)=/,
]

/** The programs that take secrets. `-p` of mkdir or ssh is another option. */
const programs =
  /(?:^|[|(&;]\s*|\$\(\s*)(?:[A-Z_]+=\S+ )*(?:sudo )?(?:npx )?(?:acrux|az|docker|podman|skopeo|buildah|oras|helm|cosign|kubectl|curl|nerdctl|crane|regctl)\s/

/** What is wrong with a command; undefined if it passes no secret as an argument. */
function secretIn(command: string): string | undefined {
  if (!programs.test(command)) return undefined
  const options = [...` ${command.replace(scopedToken, '')}`.matchAll(secretOption)]
  const shown = options.find(([, value = '']) => !isHarmless(value))
  return shown?.[0].trim() ?? pairs.map((pair) => pair.exec(command)?.[0]).find((found) => found !== undefined)
}

/** A block of code: its language and what is in it. */
const codeBlock = /^ *```(\S*)[^\n]*\n(.*?)^ *```/gms

/** The commands in the blocks of code of a document; the parts of a pipe are commands of their own. */
function commandsOf(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(codeBlock)].filter(([, language = '']) => /^(?:sh|bash|text)?$/.test(language))
  return blocks.flatMap(([, , block = '']) =>
    block
      .replaceAll(/\\\n/g, ' ')
      .split('\n')
      .flatMap((line) => line.split(' | '))
      .map((command) => command.trim()),
  )
}

test('the pattern finds secrets in arguments, and nothing else', () => {
  // prettier-ignore
  const cases: readonly (readonly [command: string, isSecret: boolean, why: string])[] = [
    ['az login --service-principal -u ID -p SECRET --tenant T',       true,  'a placeholder that becomes a secret'],
    ['az login --service-principal -u ID -p "$PASSWORD" --tenant T',  true,  'a variable'],
    ['az ad user create --password=tidal',                            true,  'an equals sign'],
    ["X=1 sudo docker login -u a -p 'b c' localhost:5443",            true,  'a variable and sudo before it'],
    ['skopeo copy --dest-creds alice:secret1 a b',                    true,  'a name and a password'],
    ['curl -sS -u alice:secret1 https://localhost:5443/v2/',          true,  'curl'],
    ['curl -H "Authorization: Bearer $TOKEN" https://localhost:5443', true,  'a token in a header'],
    ['ID=$(az ad sp create-for-rbac -p SECRET)',                      true,  'a command in a command'],
    ['az login --service-principal -u ID -p @- --tenant T',           false, 'standard input of az'],
    ['az login --service-principal -u ID -p @secret --tenant T',      false, 'a file'],
    ['acrux login --service-principal -u ID -p - --tenant T',         false, 'standard input of acrux'],
    ['podman login -u ID --password-stdin localhost:5443',            false, 'another option'],
    ['az acr credential renew -n contoso --password-name password2',  false, 'the name of a password'],
    ['acrux acr token credential generate -n a --password1',          false, 'the number of a password'],
    ['acrux acr pull-secret -n a --token cluster --password1',        false, 'the name of a scoped token'],
    ['kubectl get pods --token eyJhbGciOi',                           true,  'a token'],
    ['mkdir -p /etc/docker/certs.d',                                  false, 'another program'],
  ]
  for (const [command, isSecret, why] of cases)
    assert.equal(secretIn(command) !== undefined, isSecret, `${why}: ${command}`)
})

test('no page passes a secret as an argument', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', '{shared,server,cli,test,examples}/**/README.md'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
  const commands = pages.flatMap((page) =>
    commandsOf(readFileSync(join(root, page), 'utf8')).map((command) => ({ page, command })),
  )
  assert.ok(commands.filter(({ command }) => programs.test(command)).length > 200, 'the pages have commands')
  const shown = commands.flatMap(({ page, command }) => {
    const secret = secretIn(command)
    return secret === undefined ? [] : [`${page}: ${secret}`]
  })
  assert.deepEqual(shown, [])
})

/** Files in which `-p` is an option of nginx, strace, moto or pytest. */
const otherPrograms = [
  'test/serve/reverse-proxy.ts',
  'test/durability/system-calls.ts',
  'test/setup/object-servers.ts',
  'test/testing/python.test.ts',
]

/** `hunter2` is no secret: tests see that options reject it. */
test('no test passes a secret to az or acrux as an argument', () => {
  const option =
    /'(?:-p|--password|--client-secret|--federated-token)', (?!'-'|['`]@|secretFile\(|'hunter2')|`--password=\$/
  const files = globSync(['test/**/*.ts'], { cwd: root, exclude: (path) => path.includes('node_modules') })
  assert.ok(files.length > 200, 'the tests are found')
  const passing = files.filter(
    (file) => !otherPrograms.includes(file) && option.test(readFileSync(join(root, file), 'utf8')),
  )
  assert.deepEqual(passing, [])
})
