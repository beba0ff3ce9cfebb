export { type Configuration, ConfigurationError, loadConfiguration } from './configuration.ts'
export { formatListenAddress, isLoopback } from './network-address.ts'
export { configurationReference } from './reference.ts'
export { type SettingDefinition, settingDefinitions } from './settings.ts'
