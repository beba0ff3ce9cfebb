import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseImageName } from './image-name.ts'
import { referenceText } from './reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

// prettier-ignore
const images: readonly (readonly [text: string, repository: string, reference?: string])[] = [
  ['app',                'app'],
  ['team/app:1.0',       'team/app', '1.0'],
  [`team/app@${digest}`, 'team/app', digest],
]

test('an image is a repository, with a tag or a digest', () => {
  for (const [text, repository, reference] of images) {
    const image = parseImageName(text)
    assert.equal(image?.repository, repository)
    assert.equal(image?.reference && referenceText(image.reference), reference, text)
  }
})

test('other texts are no image', () => {
  const others = [
    '',
    ':1',
    'Team/app',
    'app:',
    'app@',
    'app:1:2',
    'app@1',
    `app:${digest}`,
    `app:1@${digest}`,
    'app@sha256:a',
  ]
  for (const text of others) assert.equal(parseImageName(text), undefined, text)
})
