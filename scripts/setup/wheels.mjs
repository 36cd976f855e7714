/**
 * Where TensorFlow comes from: wheels of the Python package index, pinned by sha256. Their Python version does not
 * matter, since only libraries and headers are taken out of them.
 */
export const tensorflowVersion = '2.21.0'

const tag = 'manylinux_2_27_x86_64'
const headers = [
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
  'tensorflow/include/xla/c/',
]
const libraries = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2']
const tensorflow = (name, sha256) => ({
  name,
  version: tensorflowVersion,
  platform: tag,
  sha256,
  take: [...libraries, ...headers],
})
/** The GPU build finds these beside itself: its run path names ../nvidia/<library>/lib. */
const nvidia = (library, version, platform, sha256) => ({
  name: `nvidia-${library.replaceAll('_', '-')}-cu12`,
  version,
  platform,
  sha256,
  take: [`nvidia/${library}/lib/`],
})

export const variants = {
  cpu: {
    diskBytes: 1.3e9,
    wheels: [
      tensorflow('tensorflow-cpu', 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb'),
    ],
  },
  cuda12: {
    diskBytes: 9e9,
    wheels: [
      tensorflow('tensorflow', 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0'),
      nvidia('cublas', '12.9.3.13', tag, 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72'),
      nvidia(
        'cuda_cupti',
        '12.8.90',
        'manylinux2014_x86_64',
        'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
      ),
      nvidia(
        'cuda_nvrtc',
        '12.9.86',
        'manylinux2010_x86_64',
        '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
      ),
      nvidia(
        'cuda_runtime',
        '12.9.79',
        'manylinux2014_x86_64',
        '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
      ),
      nvidia('cudnn', '9.28.0.42', tag, '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375'),
      nvidia(
        'cufft',
        '11.4.1.4',
        'manylinux2014_x86_64',
        'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
      ),
      nvidia('curand', '10.3.10.19', tag, '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e'),
      nvidia(
        'cusolver',
        '11.7.5.82',
        tag,
        '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
      ),
      nvidia(
        'cusparse',
        '12.5.10.65',
        'manylinux2014_x86_64',
        '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
      ),
      nvidia('nccl', '2.32.3', tag, 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c'),
      nvidia(
        'nvjitlink',
        '12.9.86',
        'manylinux2010_x86_64',
        'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
      ),
    ],
  },
}
