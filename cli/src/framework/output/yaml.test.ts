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

test('YAML is folded as PyYAML folds it', (t) => {
  const program =
    'import json,sys,yaml; sys.stdout.write(yaml.safe_dump(json.load(sys.stdin), default_flow_style=False, allow_unicode=True))'
  for (const document of documents) {
    const env = { ...process.env, PYTHONIOENCODING: 'utf-8' }
    const ran = spawnSync('python3', ['-c', program], { input: JSON.stringify(document), encoding: 'utf8', env })
    if (ran.status !== 0) return t.skip('python3 with PyYAML is missing')
    assert.equal(yamlText(document), ran.stdout)
  }
})
