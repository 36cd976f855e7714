// Products of small matrices, in tiles that stay in registers: 6 rows of 16 columns, or 1 of 64. With AVX-512, which has
// twice the registers, 8 rows of 32: each value of b that is loaded then serves more sums, and no sum waits for itself.

#include "matrix.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace tidecast {

namespace {

constexpr Index kWidth = 16;
constexpr Index kRows = 6;
constexpr Index kWideRows = 8;
// Up to so many rows a product reads b where it lies.
constexpr Index kFewRows = kRows;
// Rows of b that are laid out at once where a product's depth is a whole sequence.
constexpr Index kDeepBlock = 256;

typedef float Lane __attribute__((vector_size(kWidth * sizeof(float)), aligned(alignof(float)), may_alias));

// c (+)= a · b for kTileRows rows and kTileLanes panels of 16 columns; consecutive panels of b lie `panel` apart.
template <int kTileRows, int kTileLanes>
inline __attribute__((always_inline)) void Tile(Index depth, Matrix a, const float* b, Index bRow, Index panel,
                                                float* c, Index cRow) {
  Lane sum[kTileRows][kTileLanes];
  for (int i = 0; i < kTileRows; ++i)
    for (int l = 0; l < kTileLanes; ++l) sum[i][l] = *reinterpret_cast<const Lane*>(c + i * cRow + l * kWidth);
  for (Index k = 0; k < depth; ++k) {
    for (int l = 0; l < kTileLanes; ++l) {
      const Lane lane = *reinterpret_cast<const Lane*>(b + k * bRow + l * panel);
      for (int i = 0; i < kTileRows; ++i) sum[i][l] += a.data[i * a.row + k * a.column] * lane;
    }
  }
  for (int i = 0; i < kTileRows; ++i)
    for (int l = 0; l < kTileLanes; ++l) *reinterpret_cast<Lane*>(c + i * cRow + l * kWidth) = sum[i][l];
}

// All rows of one panel of 16 columns.
inline __attribute__((always_inline)) void Column(Index rows, Index depth, Matrix a, const float* b, Index bRow,
                                                  float* c, Index cRow) {
  Index i = 0;
  for (; i + kRows <= rows; i += kRows) Tile<kRows, 1>(depth, a.From(i), b, bRow, 0, c + i * cRow, cRow);
  switch (rows - i) {
    case 5: Tile<5, 1>(depth, a.From(i), b, bRow, 0, c + i * cRow, cRow); break;
    case 4: Tile<4, 1>(depth, a.From(i), b, bRow, 0, c + i * cRow, cRow); break;
    case 3: Tile<3, 1>(depth, a.From(i), b, bRow, 0, c + i * cRow, cRow); break;
    case 2: Tile<2, 1>(depth, a.From(i), b, bRow, 0, c + i * cRow, cRow); break;
    case 1: Tile<1, 1>(depth, a.From(i), b, bRow, 0, c + i * cRow, cRow); break;
  }
}

// b's rows of `width` columns from `first` on, as rows of 16: what is missing is zero.
inline __attribute__((always_inline)) void Pack(Index depth, Matrix b, Index first, Index width, float* panel) {
  for (Index k = 0; k < depth; ++k) {
    const float* row = b.data + k * b.row + first * b.column;
    if (width == kWidth && b.column == 1) {
      *reinterpret_cast<Lane*>(panel + k * kWidth) = *reinterpret_cast<const Lane*>(row);
      continue;
    }
    for (Index j = 0; j < kWidth; ++j) panel[k * kWidth + j] = j < width ? row[j * b.column] : 0.0f;
  }
}

// The last columns, fewer than 16, by way of a buffer in which there are 16.
inline __attribute__((always_inline)) void Rest(Index rows, Index width, Index depth, Matrix a, const float* panel,
                                                float* c, Index cRow) {
  float part[kRows * kWidth];
  for (Index i = 0; i < rows; i += kRows) {
    const Index count = std::min(kRows, rows - i);
    for (Index r = 0; r < count; ++r) {
      for (Index j = 0; j < kWidth; ++j) part[r * kWidth + j] = j < width ? c[(i + r) * cRow + j] : 0.0f;
    }
    Column(count, depth, a.From(i), panel, kWidth, part, kWidth);
    for (Index r = 0; r < count; ++r) std::memcpy(c + (i + r) * cRow, part + r * kWidth, width * sizeof(float));
  }
}

// Rows from `i` on in tiles of `kTileRows`; the first row that is left.
template <int kTileRows>
inline __attribute__((always_inline)) Index PairTiles(Index i, Index rows, Index depth, Matrix a, const float* panels,
                                                      float* c, Index cRow) {
  for (; i + kTileRows <= rows; i += kTileRows)
    Tile<kTileRows, 2>(depth, a.From(i), panels, kWidth, depth * kWidth, c + i * cRow, cRow);
  return i;
}

// One row by 64 columns at a time keeps four sums going; a single one would wait for itself.
template <bool kWide>
inline __attribute__((always_inline)) void AllPanels(Index rows, Index columns, Index depth, Matrix a,
                                                     const float* panels, float* c) {
  const Index size = depth * kWidth;
  Index j = 0;
  if (rows == 1) {
    for (; j + 4 * kWidth <= columns; j += 4 * kWidth, panels += 4 * size)
      Tile<1, 4>(depth, a, panels, kWidth, size, c + j, columns);
  }
  if (kWide) {
    for (; j + 2 * kWidth <= columns; j += 2 * kWidth, panels += 2 * size) {
      Index i = PairTiles<kWideRows>(0, rows, depth, a, panels, c + j, columns);
      i = PairTiles<4>(i, rows, depth, a, panels, c + j, columns);
      PairTiles<1>(i, rows, depth, a, panels, c + j, columns);
    }
  }
  for (; j + kWidth <= columns; j += kWidth, panels += size) Column(rows, depth, a, panels, kWidth, c + j, columns);
  if (j < columns) Rest(rows, columns - j, depth, a, panels, c + j, columns);
}

__attribute__((target("avx512f"))) void WidePanels(Index rows, Index columns, Index depth, Matrix a,
                                                   const float* panels, float* c) {
  AllPanels<true>(rows, columns, depth, a, panels, c);
}

TIDECAST_CLONED void NarrowPanels(Index rows, Index columns, Index depth, Matrix a, const float* panels, float* c) {
  AllPanels<false>(rows, columns, depth, a, panels, c);
}

const auto Panels = __builtin_cpu_supports("avx512f") ? WidePanels : NarrowPanels;

// The same where b is read where it lies, with its columns side by side.
TIDECAST_CLONED void InPlace(Index rows, Index columns, Index depth, Matrix a, Matrix b, float* c) {
  Index j = 0;
  if (rows == 1) {
    for (; j + 4 * kWidth <= columns; j += 4 * kWidth)
      Tile<1, 4>(depth, a, b.data + j, b.row, kWidth, c + j, columns);
  }
  for (; j + kWidth <= columns; j += kWidth) Column(rows, depth, a, b.data + j, b.row, c + j, columns);
  if (j == columns) return;
  std::unique_ptr<float[]> panel(new float[depth * kWidth]);
  Pack(depth, b, j, columns - j, panel.get());
  Rest(rows, columns - j, depth, a, panel.get(), c + j, columns);
}

TIDECAST_CLONED void PackAll(Index depth, Index columns, Matrix b, float* panels) {
  for (Index j = 0; j < columns; j += kWidth, panels += depth * kWidth)
    Pack(depth, b, j, std::min(kWidth, columns - j), panels);
}

}  // namespace

void AddProduct(Index rows, Index columns, Index depth, Matrix a, Matrix b, float* c) {
  for (Index k = 0; k < depth; k += kDeepBlock) {
    const Factor factor(std::min(kDeepBlock, depth - k), columns, b.From(k), rows);
    factor.AddTo(rows, {a.data + k * a.column, a.row, a.column}, c);
  }
}

Factor::Factor(Index depth, Index columns, Matrix b, Index uses) : depth_(depth), columns_(columns), b_(b) {
  if (uses <= kFewRows && b.column == 1) return;
  const Index panels = (columns + kWidth - 1) / kWidth;
  panels_ = new float[panels * depth * kWidth];
  PackAll(depth, columns, b, panels_);
}

Factor::~Factor() { delete[] panels_; }

void Factor::AddTo(Index rows, Matrix a, float* c) const {
  if (panels_ == nullptr) InPlace(rows, columns_, depth_, a, b_, c);
  else Panels(rows, columns_, depth_, a, panels_, c);
}

}  // namespace tidecast
