/** `bun console-build.ts <index.html> <folder>`: the console as files that a strict content security policy allows. */
const [entry = '', out = ''] = process.argv.slice(2);

await Bun.build({
  entrypoints: [entry],
  outdir: out,
  minify: true,
  publicPath: '/',
  naming: { entry: '[name].[ext]', chunk: 'assets/[name]-[hash].[ext]', asset: 'assets/[name]-[hash].[ext]' },
  define: { 'process.env.NODE_ENV': '"production"' },
});
