import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { yamlText } from './yaml.ts'

const words =
  'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen'

const documents: readonly unknown[] = [
  { description: words, nested: { list: [words, { text: words, other: [words] }, [words, [words]]] } },
  { quoted: `a: ${words}`, hash: `${words} # ${words}`, apostrophe: `'${words}' it's ${words}` },
  { double: words.replaceAll(' ', '  '), long: 'x'.repeat(120), mixed: `${'x'.repeat(90)} y ${'z'.repeat(90)} w` },
  { 'a key: with a colon': words, "it's": words, '1': words, true: words, ['k'.repeat(60)]: words },
  { url: `https://example.com/${'a/'.repeat(60)} and more`, umlaut: 'ä'.repeat(70) + ' ö ü ä ö ü ä ö ü' },
  [words, `a: ${words}`, [], {}, null, true, 'true', '1', 1.5, ''],
  words,
]

/** Documents whose texts az does not fold. */
const short: readonly unknown[] = [
  { name: 'contoso', id: '/subscriptions/x/resourceGroups/y', sku: { name: 'Premium', tier: null }, tags: {} },
  [{ list: ['a: b', '# c', '', 'true', '1', '0x1f', '2026-12-01', '~', 'yes'], nested: [[1, 2.5], [], [true]] }],
  { text: 'ä ö', 'a key: with a colon': 'x', '1': false },
  'text',
  3,
]

/** The JSON that Python prints for the YAML on standard input; undefined without PyYAML. */
function python(program: string, input: unknown): string | undefined {
  const env = { ...process.env, PYTHONIOENCODING: 'utf-8' }
  const args = ['-c', `import json,sys,yaml; value=json.load(sys.stdin); ${program}`]
  const ran = spawnSync('python3', args, { input: JSON.stringify(input), encoding: 'utf8', env })
  return ran.status === 0 ? ran.stdout : undefined
}

test('PyYAML reads from YAML what was written', (t) => {
  for (const document of documents) {
    const read = python('sys.stdout.write(json.dumps(yaml.safe_load(value)))', yamlText(document))
    if (read === undefined) return t.skip('python3 with PyYAML is missing')
    assert.deepEqual(JSON.parse(read), document)
  }
})

test('short texts in YAML have the same bytes as in az', (t) => {
  for (const document of short) {
    const dumped = python(
      'sys.stdout.write(yaml.safe_dump(value, default_flow_style=False, allow_unicode=True))',
      document,
    )
    if (dumped === undefined) return t.skip('python3 with PyYAML is missing')
    assert.equal(yamlText(document), dumped)
  }
})
