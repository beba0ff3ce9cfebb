import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files that name the version. */
const packages = ['.', 'shared', 'server', 'cli', 'portal', 'test'].map((folder) =>
  `${folder}/package.json`.replace('./', ''),
)
const inDocuments = ['docs', 'examples', 'deploy', 'testing', 'README.md']
const named =
  /(?:acrux(?:\/[\w/-]+)?[@:/][v^]*|acruxtest v|newTag: |refs\/tags\/v|"version": "|^version = "|<artifactId>acrux[\w-]*<\/artifactId>\s*<version>)(\d+\.\d+\.\d+)/gm

/**
 * The text of a version in the changelog, and its date; undefined if the changelog has no section of the version.
 *
 * @param {string} changelog
 * @param {string} version
 */
export function notesOf(changelog, version) {
  const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (\\d{4}-\\d{2}-\\d{2})$`, 'm').exec(
    changelog,
  )
  if (heading === null) return undefined
  const text = changelog.slice(heading.index + heading[0].length).split(/^## |^\[[^\]]+\]: /m)[0] ?? ''
  return { date: heading[1] ?? '', text: text.trim() }
}

/**
 * What speaks against a release of the working tree.
 *
 * @param {string} folder
 * @param {string} version
 * @param {string} today Such as 2026-12-01.
 */
export function releaseFaults(folder, version, today) {
  const changelog = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')
  return [
    ...treeFaults(folder, version),
    ...versionFaults(folder, version),
    ...changelogFaults(changelog, version, today),
  ]
}

/**
 * @param {string} folder
 * @param {string[]} args
 */
function git(folder, ...args) {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
}

/**
 * @param {string} folder
 * @param {string} version
 */
function treeFaults(folder, version) {
  const branch = git(folder, 'rev-parse', '--abbrev-ref', 'HEAD')
  return [
    ...(git(folder, 'status', '--porcelain') === '' ? [] : ['the working tree has changes: commit them']),
    ...(branch === 'main' ? [] : [`the branch is ${branch}: switch to main`]),
    ...(git(folder, 'tag', '--list', `v${version}`) === ''
      ? []
      : [`the tag v${version} exists: choose the next version`]),
  ]
}

/**
 * The files that name another version.
 *
 * @param {string} folder
 * @param {string} version
 */
function versionFaults(folder, version) {
  /** @param {string} file */
  const read = (file) => readFileSync(join(folder, file), 'utf8')
  const faults = []
  for (const file of packages) {
    const found = JSON.parse(read(file)).version
    if (found !== version) faults.push(`${file} has the version ${found}: change the version to ${version}`)
  }
  for (const file of git(folder, 'ls-files', '--', ...inDocuments).split('\n')) {
    for (const [text, found] of /\.(?:md|ya?ml|json|toml|xml|mod|mjs)$/.test(file) ? read(file).matchAll(named) : []) {
      if (found !== version)
        faults.push(`${file} has ${text.replaceAll(/\s+/g, ' ')}: change the version to ${version}`)
    }
  }
  return faults
}

/**
 * @param {string} changelog
 * @param {string} version
 * @param {string} today
 */
function changelogFaults(changelog, version, today) {
  const faults = []
  const notes = notesOf(changelog, version)
  if (notes === undefined) faults.push(`CHANGELOG.md has no section "## [${version}] - ${today}": add this section`)
  else if (notes.date !== today) faults.push(`CHANGELOG.md dates ${version} ${notes.date}: change the date to ${today}`)
  if (notes?.text === '') faults.push(`CHANGELOG.md says nothing about ${version}`)
  const unreleased = /^## \[Unreleased\]$([^]*?)^## /m.exec(changelog)?.[1]?.trim()
  if (unreleased !== '') faults.push(`CHANGELOG.md has unreleased changes: move them to the section of ${version}`)
  return faults
}
