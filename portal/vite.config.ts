import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/portal/',
  plugins: [react()],
  build: {
    outDir: 'dist/files',
    emptyOutDir: true,
    // No data URLs: the policy of the server permits none for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: {
      // The server ignores case in paths.
      output: { hashCharacters: 'hex' },
    },
  },
})
