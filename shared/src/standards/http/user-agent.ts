/** Browsers and programs by their own names; the first match wins, since most also name others. */
const programs: readonly (readonly [RegExp, string])[] = [
  [/Edg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/SamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/(?:Headless)?Chrome\/(\d+)/, 'Chrome'],
  [/CriOS\/(\d+)/, 'Chrome'],
  [/Version\/(\d+)[.\d]* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
  [/AZURECLI\/(\d+)/i, 'Azure CLI'],
  [/python-requests\/(\d+)/, 'Python'],
  [/curl\/(\d+)/, 'curl'],
]

const systems: readonly (readonly [RegExp, string])[] = [
  [/Windows/, 'Windows'],
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac OS X|Macintosh|Darwin/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux|X11/, 'Linux'],
]

/**
 * Describes the browser and system of a client, such as `Firefox 128 on Linux`, by its `User-Agent`. For display only.
 * Undefined if neither is known. [RFC 9110 §10.1.5]
 */
export function describeUserAgent(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const [pattern, name] = programs.find(([candidate]) => candidate.test(text)) ?? []
  const version = pattern?.exec(text)?.[1]
  const system = systems.find(([candidate]) => candidate.test(text))?.[1]
  const program = name === undefined ? undefined : [name, version].filter(Boolean).join(' ')
  if (program === undefined) return system
  return system === undefined ? program : `${program} on ${system}`
}
