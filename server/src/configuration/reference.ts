import { configFileSetting, type SettingDefinition, settingDefinitions } from './settings.ts'

/** The reference of all settings, as the Markdown of `docs/reference/configuration.md`. */
export function configurationReference(): string {
  return `${introduction}\n${settingDefinitions.map((definition) => section(definition)).join('\n')}`
}

const introduction = `# Configuration

<!-- Generated from the schema of the settings: change that, and run \`npm run generate\`. -->

\`acrux serve\` starts without any setting. Each can be given in three places, and the first of them that has it counts:

1. a flag: \`acrux serve --listen 0.0.0.0:443\`
2. a variable of the environment: \`ACRUX_LISTEN=0.0.0.0:443\`; an empty one counts as none
3. a YAML file, named by \`${configFileSetting.flag}\` or \`${configFileSetting.variable}\`

A list that is given in one place is not added to that of another. A name that is no setting stops the start, in each of the
three, and so does a value that is out of its bounds; all problems are told at once, and the exit code is 2. Relative paths
start at the directory that the server is started in.

\`\`\`yaml
dataDir: /var/lib/acrux
listen: [0.0.0.0:443, '[::]:443']
publicHost: registry.example.com
suffix: .azurecr.example.com
tlsCert: /etc/acrux/tls.pem
tlsKey: /etc/acrux/tls.key
registry: contoso
metricsListen: 127.0.0.1:9090
gc:
  intervalSeconds: 600
\`\`\`

## Settings
`

function section(definition: SettingDefinition): string {
  const { key, option, kind, variable, example, description, defaultText, flag, fields } = definition
  const several = kind === 'list'
  const inFile =
    key === undefined ? '- In the file: not possible' : `- In the file: \`${inYaml(key, example, several)}\``
  return `### ${key ?? flag}

${description}
${fields === undefined ? '' : table(fields)}
- Flag: \`${option}\`${several ? ', once for each' : ''}
- Variable: \`${variable}=${example}\`${several ? '; several are separated by commas' : ''}
${inFile}
- Default: ${defaultText}
`
}

function table(fields: Readonly<Record<string, string>>): string {
  const names = Object.entries(fields).map(([name, text]) => `- **${name}**: ${text}\n`)
  return `\nEach is a mapping, in a flag or a variable as JSON, with these properties:\n\n${names.join('')}\nThe setting itself:\n`
}

function inYaml(key: string, example: string, several: boolean): string {
  const value = several ? `[${example}]` : example
  return key
    .split('.')
    .toReversed()
    .reduce((inner, part, depth) => `${part}: ${depth === 0 ? inner : `{ ${inner} }`}`, value)
}
