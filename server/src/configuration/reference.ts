import { configFileSetting, type SettingDefinition, settingDefinitions } from './settings.ts'

/** The reference of all settings, as the Markdown of `docs/reference/configuration.md`. */
export function configurationReference(): string {
  return `${introduction}\n${settingDefinitions.map((definition) => section(definition)).join('\n')}`
}

const introduction = `# Configuration

<!-- Generated from the schema of the settings: change that; \`npm run docs\` writes this page. -->

\`acrux serve\` starts without any setting. Each setting is read from three sources, in this order of precedence:

1. a flag: \`acrux serve --listen 0.0.0.0:443\`
2. an environment variable: \`ACRUX_LISTEN=0.0.0.0:443\`; an empty variable is ignored
3. a YAML file, named by \`${configFileSetting.flag}\` or \`${configFileSetting.variable}\`

A list from one source replaces the list from another. Unknown settings and invalid values abort the start with exit code 2; all
problems are reported together. Relative paths are resolved against the working directory of the server.

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
    key === undefined
      ? '- In the configuration file: not possible'
      : `- In the configuration file: \`${inYaml(key, example, several)}\``
  return `### ${key ?? flag}

${description}
${fields === undefined ? '' : table(fields)}
- Flag: \`${option}\`${several ? ', repeatable' : ''}
- Variable: \`${variable}=${example}\`${several ? '; separate several values with commas' : ''}
${inFile}
- Default: ${defaultText}
`
}

function table(fields: Readonly<Record<string, string>>): string {
  const names = Object.entries(fields).map(([name, text]) => `- **${name}**: ${text}\n`)
  return `\nEach entry is a mapping with these properties. In a flag or a variable, write the entry as JSON.\n\n${names.join('')}\nThe setting itself:\n`
}

function inYaml(key: string, example: string, several: boolean): string {
  const value = several ? `[${example}]` : example
  return key
    .split('.')
    .toReversed()
    .reduce((inner, part, depth) => `${part}: ${depth === 0 ? inner : `{ ${inner} }`}`, value)
}
