//! The curves by which a memory size is chosen, as SVG.

use std::error::Error;

use plotters::prelude::{
    ChartBuilder, Color as _, IntoDrawingArea as _, LineSeries, PathElement, RGBColor, SVGBackend,
    SeriesLabelPosition, WHITE,
};

use crate::{
    case::{Speed, Wire},
    report::{Report, milliseconds},
};

const COLOURS: [RGBColor; 3] = [
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0xd6, 0x27, 0x28),
    RGBColor(0x7f, 0x7f, 0x7f),
];

/// Time to the first response, in milliseconds, over the memory sizes that were measured.
pub(crate) fn draw(report: &Report) -> Result<String, Box<dyn Error>> {
    let memories: Vec<u64> = report.speeds().into_iter().filter_map(memory).collect();
    let points = |wire| {
        let measured = (0_u32..).zip(&memories);
        let times = measured.filter_map(move |(place, memory)| {
            let medians = report.medians(wire, Speed::Share(*memory))?;
            Some((place, milliseconds(medians.first_response)))
        });
        times.collect::<Vec<_>>()
    };
    let series = [Wire::Tls, Wire::Plain, Wire::Empty].map(|wire| (wire, points(wire)));
    let times = series.iter().flat_map(|(_, points)| points);
    let most = times.map(|(_, time)| *time).fold(1.0, f64::max);
    let last = u32::try_from(memories.len())?.saturating_sub(1);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (720, 360)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption("From process start to the answer, cold", ("sans-serif", 18))
            .margin(16)
            .margin_right(40)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d(0..last, 0.0..most * 1.2)?;
        let label = |place: &u32| {
            let memory = usize::try_from(*place).ok().and_then(|at| memories.get(at));
            memory.map_or_else(String::new, |memory| format!("{memory} MB"))
        };
        chart
            .configure_mesh()
            .x_labels(memories.len())
            .x_label_formatter(&label)
            .y_desc("ms")
            .disable_x_mesh()
            .max_light_lines(1)
            .draw()?;
        for ((wire, points), colour) in series.into_iter().zip(COLOURS) {
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
                .label(wire.name())
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
                });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .border_style(COLOURS[2])
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}

const fn memory(speed: Speed) -> Option<u64> {
    match speed {
        Speed::Share(memory) => Some(memory),
        Speed::Full => None,
    }
}
