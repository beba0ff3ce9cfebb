import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownText } from './shown-text.ts'

// prettier-ignore
const cases: readonly (readonly [why: string, text: unknown, shown: string | undefined])[] = [
  ['a name',                              'Ada Lovelace',           'Ada Lovelace'],
  ['a name in another script',            'آدا لاولیس',             'آدا لاولیس'],
  ['blanks around it',                    '  Ada ',                 'Ada'],
  ['lines and zeros',                     'A\u0000d\r\na\u2028',    'Ada'],
  ['a turn of what follows',              'gpj.\u202eexe',          'gpj.exe'],
  ['what is not seen',                    'A\u200bd\ufeffa\u00ad',  'Ada'],
  ['nothing but that',                    '\u202e \u200b',          undefined],
  ['nothing',                             '',                       undefined],
  ['half a character',                    'a\ud800',                undefined],
  ['no text',                             5,                        undefined],
  ['a long one',                          'x'.repeat(300),          'x'.repeat(256)],
  ['a long one, cut within a character',  `${'x'.repeat(255)}🐳`,   'x'.repeat(255)],
  ['one without end',                     'x'.repeat(2000),         undefined],
]

for (const [why, text, shown] of cases) {
  test(`${why}: only the readable part is shown [UTS #39]`, () => {
    assert.equal(shownText(text), shown)
  })
}
