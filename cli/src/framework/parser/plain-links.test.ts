import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainLinks } from './plain-links.ts'

// prettier-ignore
const cases: readonly (readonly [markdown: string, plain: string, why: string])[] = [
  ['See [PostgreSQL](../how-to/postgresql.md).',       'See PostgreSQL (docs/how-to/postgresql.md).',     'a page of another folder'],
  ['See [monitoring](monitoring.md#alerts), [a](b.md)', 'See monitoring (docs/reference/monitoring.md#alerts), a (docs/reference/b.md)', 'pages of the references'],
  ['[JMESPath](https://jmespath.org)',                 'JMESPath (https://jmespath.org/)',                'another site'],
  ['`[::]:443` or ["a"](the default)',                 '`[::]:443` or ["a"](the default)',                'no links'],
  ['postgres://USER@HOST:PORT/DATABASE',               'postgres://USER@HOST:PORT/DATABASE',              'no brackets'],
]

test('a link becomes its text and the page', () => {
  for (const [markdown, plain, why] of cases) assert.equal(plainLinks(markdown), plain, why)
})
