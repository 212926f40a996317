import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Rooms and what each may import (docs/architecture.md). */
const rooms = {
  core: [],
  sys: ['core'],
  report: ['core', 'sys'],
  lua: ['core', 'sys'],
  config: ['core', 'sys', 'lua', 'action', 'direct', 'qingstor'],
  monitor: ['core', 'sys'],
  action: ['core', 'sys'],
  direct: ['core', 'sys'],
  qingstor: ['core', 'sys', 'action'],
  state: ['core', 'sys', 'qingstor'],
};
const walls = Object.entries(rooms).map(([room, may]) => ({
  files: [`src/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...Object.keys(rooms)
            .filter((r) => r !== room && !may.includes(r))
            .map((r) => ({ group: [`**/${r}/**`], message: `src/${room} may not import src/${r}` })),
          ...(room === 'core'
            ? [{ regex: '^[^.]', message: 'src/core is pure: no node:, no packages' }]
            : []),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'dist-test', 'node_modules', 'coverage', 'patches'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 90, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  ...walls,
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
