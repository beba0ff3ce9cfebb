import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prettyLines } from './pretty-log.ts'

const at = '"time":"2026-11-27T10:11:12.345Z"'

test('a formatted line contains the time, the level, the message and the other fields', () => {
  const line = `{"level":40,${at},"component":"disk-space","free":12,"note":"two words","msg":"it is low"}\n`
  assert.equal(prettyLines(line, false), '10:11:12.345 WARN  it is low component=disk-space free=12 note="two words"\n')
  assert.equal(prettyLines(line, true).startsWith('10:11:12.345 \u001b[33mWARN \u001b[0m it is low'), true)
})

test('the formatted line of a request contains the method, the path and the status', () => {
  const line = `{"level":30,${at},"id":"x1","method":"GET","path":"/v2/","status":401,"milliseconds":1.2,"from":"::1"}\n`
  assert.equal(prettyLines(line, false), '10:11:12.345 INFO  GET /v2/ 401 id=x1 milliseconds=1.2 from=::1\n')
})

test('the stack of an error follows the formatted line', () => {
  const line = `{"level":50,${at},"err":{"message":"no","stack":"Error: no\\n    at one"},"msg":"it failed"}\n`
  assert.equal(prettyLines(line, false), '10:11:12.345 ERROR it failed\n    Error: no\n    at one\n')
})

test('no value of a field can move the cursor or change colors', () => {
  const evil = '\\u001b[2J\\u009b2J\\u202e\\r'
  const line = `{"level":30,${at},"${evil}":"${evil}","err":{"stack":"${evil}"},"msg":"${evil}"}\n`
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(prettyLines(line, false), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})

test('a line that is not JSON stays unchanged, and each line stays a single line', () => {
  assert.equal(prettyLines('plain\n{"level":30,"msg":"a"}\n', false), 'plain\n INFO  a\n')
})
