export { createImports, type Imports } from './imports.ts'
export { importMigrations } from './migrations.ts'
export { ImportError, type ImportFrom, type ListedImport } from './model.ts'
