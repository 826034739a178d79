//! The picture that flow is computed from.

use loopy_core::Frame;

use super::Error;

/// A picture of 8-bit luma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gray {
    width: usize,
    height: usize,
    data: Vec<u8>,
}

impl Gray {
    /// A picture from packed rows.
    pub fn new(width: u32, height: u32, data: Vec<u8>) -> Result<Self, Error> {
        if data.len() as u64 != u64::from(width) * u64::from(height) {
            return Err(Error::Samples(width, height, data.len()));
        }
        Ok(Self {
            width: width as usize,
            height: height as usize,
            data,
        })
    }

    /// The luma of a frame, each side `factor` times smaller (0 counts as 1): every sample is the
    /// rounded mean of its square. Rows and columns that fill no square are left out.
    pub fn of(frame: &Frame, factor: u32) -> Self {
        let factor = factor.max(1) as usize;
        let [luma, ..] = frame.planes();
        let stride = frame.stride();
        if factor == 1 {
            return Self {
                width: stride,
                height: frame.size().height as usize,
                data: luma.to_vec(),
            };
        }
        let (width, height) = (stride / factor, frame.size().height as usize / factor);
        let area = (factor * factor) as u64;
        // Multiplied by instead of divided by: exact for sums below 2^20 times the area.
        let inverse = (1_u64 << 40) / area + 1;
        let mut data = Vec::with_capacity(width * height);
        let mut columns = vec![0_u32; width * factor];
        for rows in luma.chunks_exact(stride * factor).take(height) {
            columns.fill(0);
            for row in rows.chunks_exact(stride) {
                for (column, sample) in columns.iter_mut().zip(row) {
                    *column += u32::from(*sample);
                }
            }
            let mean = |square: &[u32]| {
                let sum = u64::from(square.iter().sum::<u32>());
                (((sum + area / 2) * inverse) >> 40) as u8
            };
            if factor == 4 {
                // Known to the compiler: most pictures are this many times larger than the flow.
                data.extend(columns.as_chunks::<4>().0.iter().map(|square| mean(square)));
            } else {
                data.extend(columns.chunks_exact(factor).map(mean));
            }
        }
        Self {
            width,
            height,
            data,
        }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Packed rows of luma.
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}
